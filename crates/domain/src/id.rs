//! Identifiers: CUID2 strings, typed by what they identify.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// An untyped CUID2 identifier: exactly 24 characters of `[a-z0-9]`, the first a letter.
///
/// Stored inline, so a copy costs no allocation. CUID2 has no order in time: order lists by `(created_at, id)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cuid([u8; Cuid::LENGTH]);

impl Cuid {
    /// Length of an identifier in characters (and bytes).
    pub const LENGTH: usize = 24;

    /// Parses the canonical form.
    ///
    /// # Errors
    /// [`ParseIdError`] for anything that is not 24 characters of `[a-z0-9]` beginning with a letter.
    pub fn parse(raw: &str) -> Result<Self, ParseIdError> {
        let bytes: [u8; Self::LENGTH] = raw.as_bytes().try_into().map_err(|_| ParseIdError)?;
        let first_is_letter = bytes[0].is_ascii_lowercase();
        let rest_is_base36 = bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if first_is_letter && rest_is_base36 { Ok(Self(bytes)) } else { Err(ParseIdError) }
    }

    /// The canonical text form.
    pub fn as_str(&self) -> &str {
        // `parse` accepts ASCII only, so the fallback is never used.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Cuid {
    type Err = ParseIdError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::parse(raw)
    }
}

impl fmt::Display for Cuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Cuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 24 characters of a-z and 0-9, the first a letter")]
pub struct ParseIdError;

/// The identifier of a `T`. Identifiers of different things have different types.
pub struct Id<T> {
    cuid: Cuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A new identifier from `ids`.
    pub fn generate(ids: &dyn IdGenerator) -> Self {
        Self::from(ids.generate())
    }

    /// Parses the canonical form; see [`Cuid::parse`].
    ///
    /// # Errors
    /// [`ParseIdError`] when `raw` is not an identifier.
    pub fn parse(raw: &str) -> Result<Self, ParseIdError> {
        Cuid::parse(raw).map(Self::from)
    }

    /// The identifier without its type.
    pub fn cuid(&self) -> Cuid {
        self.cuid
    }

    /// The canonical text form.
    pub fn as_str(&self) -> &str {
        self.cuid.as_str()
    }
}

impl<T> From<Cuid> for Id<T> {
    fn from(cuid: Cuid) -> Self {
        Self { cuid, of: PhantomData }
    }
}

impl<T> FromStr for Id<T> {
    type Err = ParseIdError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::parse(raw)
    }
}

// Written out because a derive would require the traits of `T`, which is only a label.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cuid == other.cuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cuid.cmp(&other.cuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.cuid.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cuid.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cuid, f)
    }
}

/// Generates identifiers. Databases never do: an entity has its identity before it is stored.
pub trait IdGenerator: Send + Sync {
    /// A new identifier, unique across all instances for all practical purposes.
    fn generate(&self) -> Cuid;
}

#[cfg(test)]
mod tests {
    mod parse {
        use super::super::*;

        #[test]
        fn keeps_the_canonical_form() {
            let raw = "tz4a98xxat96iws9zmbrgj3a";
            assert_eq!(Cuid::parse(raw).map(|id| id.to_string()), Ok(raw.to_owned()));
        }

        #[test]
        fn rejects_everything_else() {
            let wrong = [
                "",
                "ab",
                "4z4a98xxat96iws9zmbrgj3a",
                "tz4a98xxat96iws9zmbrgj3",
                "tz4a98xxat96iws9zmbrgj3aa",
                "Tz4a98xxat96iws9zmbrgj3a",
                "tz4a98xxat96iws9zmbrgj3_",
                "tz4a98xxat96iws9zmbrg\0é",
            ];
            for raw in wrong {
                assert_eq!(Cuid::parse(raw), Err(ParseIdError), "{raw:?}");
            }
        }
    }
}
