//! Idempotency keys: a client may repeat a request with the same key without repeating its effect.

use std::fmt;

/// A key that a client chose for one intended effect: 1 to 255 visible ASCII characters, unique for its user.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The most characters of a key.
    pub const MAX: usize = 255;

    /// An idempotency key of the text `raw`.
    ///
    /// # Errors
    /// [`ParseIdempotencyKeyError`] for an empty or too long key, or one with spaces or invisible characters.
    pub fn parse(raw: &str) -> Result<Self, ParseIdempotencyKeyError> {
        let visible = raw.bytes().all(|b| b.is_ascii_graphic());
        if visible && (1..=Self::MAX).contains(&raw.len()) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(ParseIdempotencyKeyError)
        }
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Text that cannot be an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::MAX)]
pub struct ParseIdempotencyKeyError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_visible_characters_only() {
        assert!(IdempotencyKey::parse("0b5e-7!~").is_ok());
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
        for raw in ["", "a b", "a\tb", "é", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(raw), Err(ParseIdempotencyKeyError), "{raw:?}");
        }
    }
}
