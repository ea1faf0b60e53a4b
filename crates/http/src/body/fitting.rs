//! Reads a body of another shape than its request, and collects every field that does not fit.
//!
//! Deserialisation stops at the first error. Here, unknown and repeated fields are recorded and skipped. A field of
//! the wrong type is recorded, and skipped when the body is read again. Only rejected bodies are read this way.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::error::Category;

use crate::problem::{FieldError, Problem};

/// Maximum number of unknown or repeated fields in a response, so that the response stays small.
const NAMED: usize = 32;

/// Reads the fields of `bytes` that fit `T`, and the errors of those that do not. `bytes` must be a JSON object.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<FieldError>), Problem> {
    let mut wrong: Vec<&'static str> = Vec::new();
    loop {
        let pass = Pass { wrong: &wrong, reading: Cell::new(None), errors: RefCell::default() };
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        match T::deserialize(Fitting { inner: &mut deserializer, pass: &pass }) {
            Ok(request) => {
                let mut errors = pass.errors.into_inner();
                errors.extend(wrong.iter().map(|field| wrong_type(field)));
                return Ok((request, errors));
            }
            Err(error) => match pass.reading.get() {
                // Each pass skips one more field, so the loop ends.
                Some(field) if error.classify() == Category::Data && !wrong.contains(&field) => wrong.push(field),
                _ => return Err(Problem::malformed_body()),
            },
        }
    }
}

fn wrong_type(field: &str) -> FieldError {
    FieldError::new(field, "invalid_type", "has the wrong type")
}

/// One pass over a body.
struct Pass<'p> {
    /// Fields of the wrong type that earlier passes found.
    wrong: &'p [&'static str],
    /// The field whose value is being read.
    reading: Cell<Option<&'static str>>,
    errors: RefCell<Vec<FieldError>>,
}

impl Pass<'_> {
    fn note(&self, field: &str, code: &str, detail: &str) {
        let error = FieldError::new(field, code, detail);
        let mut errors = self.errors.borrow_mut();
        if errors.len() < NAMED && !errors.contains(&error) {
            errors.push(error);
        }
    }
}

/// Wraps a deserialiser, a visitor or a map, and passes on the fields that fit.
struct Fitting<'p, I> {
    inner: I,
    pass: &'p Pass<'p>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Fitting<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let fitting = FittingFields { visitor, fields, pass: self.pass };
        self.inner.deserialize_struct(name, fields, fitting)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct FittingFields<'p, V> {
    visitor: V,
    fields: &'static [&'static str],
    pass: &'p Pass<'p>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for FittingFields<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let fitting = FittingMap { map, fields: self.fields, seen: Vec::new(), pass: self.pass };
        self.visitor.visit_map(fitting)
    }
}

struct FittingMap<'p, A> {
    map: A,
    fields: &'static [&'static str],
    seen: Vec<&'static str>,
    pass: &'p Pass<'p>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for FittingMap<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            match self.fields.iter().find(|field| **field == key) {
                None => self.pass.note(&key, "unknown_field", "is not a field of this request"),
                Some(field) if self.seen.contains(field) => {
                    self.pass.note(field, "duplicate_field", "occurs more than once");
                }
                Some(field) => {
                    self.seen.push(field);
                    if !self.pass.wrong.contains(field) {
                        self.pass.reading.set(Some(field));
                        return seed.deserialize(StrDeserializer::new(field)).map(Some);
                    }
                }
            }
            self.map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.map.next_value_seed(seed)?;
        self.pass.reading.set(None);
        Ok(value)
    }
}
