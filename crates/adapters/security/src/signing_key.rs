//! The secret that every instance shares.

use std::fmt;

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretSlice};

use crate::random::random_bytes;

/// The key that access tokens are signed with, and that other keys are derived from. `Debug` hides it.
#[derive(Clone)]
pub struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// The minimum length: the output size of HMAC-SHA256, as RFC 7518 (section 3.2) requires for HS256.
    pub const MIN_BYTES: usize = 32;

    /// The minimum number of distinct bytes in a key that is not monotonous. A random key of 64 hexadecimal digits has
    /// fewer with a probability below 10^-21.
    const MIN_VARIETY: usize = 8;

    /// Takes the bytes as they are. Text is not decoded: 64 hexadecimal digits are 64 bytes.
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

    /// A new key: 32 random bytes as 64 hexadecimal digits, which fit a text file and an environment variable.
    pub fn generate() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let half = |nibble: u8| DIGITS[usize::from(nibble)];
        let hex: Vec<u8> =
            random_bytes::<32>().into_iter().flat_map(|byte| [half(byte >> 4), half(byte & 0x0f)]).collect();
        Self(hex.into())
    }

    /// Whether the key has so few distinct bytes that it was typed to fill the length. A random key never is.
    pub fn is_monotonous(&self) -> bool {
        let bytes = self.expose();
        let mut seen = [false; 256];
        for byte in bytes {
            seen[usize::from(*byte)] = true;
        }
        seen.iter().filter(|seen| **seen).count() < Self::MIN_VARIETY
    }

    /// The key id (`kid`) in tokens: 8 hexadecimal digits of a hash, which reveal nothing of the key.
    pub(crate) fn id(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.expose());
        digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    /// The bytes of the key, for signing or for storing it.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The key is too short to be secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key has at least {} bytes, not {bytes}", SigningKey::MIN_BYTES)]
pub struct SigningKeyTooShort {
    /// Its length in bytes.
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

    mod is_monotonous {
        use super::*;

        fn is_monotonous(key: &str) -> bool {
            SigningKey::new(key).unwrap().is_monotonous()
        }

        #[test]
        fn detects_repeated_text() {
            for piece in ["a", "ab", "secret", "1234567"] {
                let key = piece.repeat(32);
                assert!(is_monotonous(&key), "{key}");
            }
        }

        #[test]
        fn accepts_random_keys() {
            for _ in 0..1_000 {
                assert!(!SigningKey::generate().is_monotonous());
            }
            assert!(!is_monotonous("a signing key for tests, at least 32 bytes long"));
        }
    }

    mod id {
        use super::*;

        #[test]
        fn differs_between_keys() {
            assert_ne!(SigningKey::new([b'k'; 32]).unwrap().id(), SigningKey::new([b'l'; 32]).unwrap().id());
            assert_eq!(SigningKey::new([b'k'; 32]).unwrap().id().len(), 8);
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
