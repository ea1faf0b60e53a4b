//! Passwords.

mod chosen;
mod common;

use std::fmt;

pub use chosen::{ChoosePasswordError, ChosenPassword};

use crate::text::normalise;

/// A password as typed: 8 to 128 characters after NFC normalisation, without control characters. A password that is
/// chosen for an account is a [`ChosenPassword`].
///
/// It is never shown: `Debug` prints a placeholder, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The fewest characters of a password.
    pub const MIN: usize = 8;
    /// The most characters, which bounds the work of hashing.
    pub const MAX: usize = 128;

    /// Normalises and checks `raw`. Normalisation gives the same bytes for a password that is typed on different
    /// systems.
    ///
    /// # Errors
    /// [`ParsePasswordError`] with the rule that `raw` breaks.
    pub fn parse(raw: &str) -> Result<Self, ParsePasswordError> {
        let password = normalise(raw);
        match password.chars().count() {
            length if length < Self::MIN => Err(ParsePasswordError::TooShort),
            length if length > Self::MAX => Err(ParsePasswordError::TooLong),
            _ if password.chars().any(char::is_control) => Err(ParsePasswordError::ControlCharacter),
            _ => Ok(Self(password)),
        }
    }

    /// The plain text, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Why a password was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParsePasswordError {
    /// Fewer than [`Password::MIN`] characters.
    #[error("must have at least {} characters", Password::MIN)]
    TooShort,
    /// More than [`Password::MAX`] characters.
    #[error("must have at most {} characters", Password::MAX)]
    TooLong,
    /// A control character.
    #[error("must not contain control characters")]
    ControlCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_in_length() {
        assert_eq!(Password::parse("1234567"), Err(ParsePasswordError::TooShort));
        assert!(Password::parse(&"x".repeat(128)).is_ok());
        assert_eq!(Password::parse(&"x".repeat(129)), Err(ParsePasswordError::TooLong));
        assert_eq!(Password::parse("12345678\0"), Err(ParsePasswordError::ControlCharacter));
    }

    #[test]
    fn debug_hides_the_password() {
        let password = Password::parse("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
