//! The one secret that every instance shares.

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};

use crate::random::random_bytes;

/// The key that access tokens are signed with, and from which the other keys are derived. Never shows itself.
#[derive(Clone)]
pub struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// Fewest bytes: as many as HMAC-SHA256 has of output, which RFC 7518 (section 3.2) demands of a key for HS256.
    pub const MIN_BYTES: usize = 32;

    /// Takes the bytes as they are; text is not decoded, so that 64 hexadecimal digits are 64 bytes.
    ///
    /// # Errors
    /// [`SigningKeyTooShort`] for fewer than [`Self::MIN_BYTES`] bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SigningKeyTooShort> {
        let bytes = bytes.into();
        if bytes.len() < Self::MIN_BYTES {
            return Err(SigningKeyTooShort { bytes: bytes.len() });
        }
        Ok(Self(bytes.into()))
    }

    /// A new key: 32 random bytes as 64 hexadecimal digits, so that it can be kept in a text file and set as a
    /// variable.
    pub fn generate() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let half = |nibble: u8| DIGITS[usize::from(nibble)];
        let hex: Vec<u8> =
            random_bytes::<32>().into_iter().flat_map(|byte| [half(byte >> 4), half(byte & 0x0f)]).collect();
        Self(hex.into())
    }

    /// The key itself, for signing or for keeping it.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// A key that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key has at least {} bytes, not {bytes}", SigningKey::MIN_BYTES)]
pub struct SigningKeyTooShort {
    /// How many bytes it has.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    mod new {
        use super::*;

        #[test]
        fn rejects_fewer_than_32_bytes() {
            assert_eq!(SigningKey::new([1; 31]).unwrap_err(), SigningKeyTooShort { bytes: 31 });
            assert_eq!(SigningKey::new([1; 32]).unwrap().expose(), [1; 32]);
        }

        #[test]
        fn counts_bytes_of_text_as_they_are() {
            let hex = "0f".repeat(32);
            assert_eq!(SigningKey::new(hex.clone()).unwrap().expose(), hex.as_bytes());
        }
    }

    mod generate {
        use super::*;

        #[test]
        fn makes_64_digits_that_differ_every_time() {
            let (one, other) = (SigningKey::generate(), SigningKey::generate());
            assert_eq!(one.expose().len(), 64);
            assert!(one.expose().iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
            assert_ne!(one.expose(), other.expose());
        }
    }

    mod debug {
        use super::*;

        #[test]
        fn hides_the_key() {
            assert_eq!(format!("{:?}", SigningKey::new([b'k'; 32]).unwrap()), "SigningKey(…)");
        }
    }
}
