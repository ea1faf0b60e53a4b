//! Values that several readers share.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// An immutable value that many readers share, together with one form that was derived from it.
///
/// A reader that repeatedly needs the value in another form, such as encoded, derives that form once and stores it
/// with the value. The form is dropped with the value, and can never belong to another value.
pub struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: T,
    form: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl<T> Shared<T> {
    /// Shares `value`.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Inner { value, form: OnceLock::new() }))
    }

    /// The value in the form `F`, derived now or by an earlier reader. A value keeps one form; `None` if it has
    /// another one.
    pub fn form<F: Any + Send + Sync>(&self, make: impl FnOnce(&T) -> F) -> Option<&F> {
        self.0.form.get_or_init(|| Box::new(make(&self.0.value))).downcast_ref()
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

// Written out because a derive would require `T: Clone`.
impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Doubled(u32);

    #[test]
    fn a_form_is_derived_once_for_all_clones() {
        let one = Shared::new(21);
        let other = one.clone();
        assert_eq!(one.form(|value| Doubled(value * 2)), Some(&Doubled(42)));
        assert_eq!(other.form(|_| -> Doubled { unreachable!("it is there") }), Some(&Doubled(42)));
    }

    #[test]
    fn a_form_of_another_type_is_none() {
        let value = Shared::new(21);
        assert!(value.form(|value| Doubled(*value)).is_some());
        assert_eq!(value.form(ToString::to_string), None);
    }

    #[test]
    fn equality_compares_the_values() {
        let (one, other) = (Shared::new(1), Shared::new(1));
        one.form(ToString::to_string);
        assert!(one == other && one != Shared::new(2));
    }
}
