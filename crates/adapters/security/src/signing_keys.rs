//! The signing keys of a server, several of them during a key rotation.

use crate::signing_key::{SigningKey, SigningKeyTooShort};

/// The keys of a server. The first one signs, and signatures of all of them are accepted.
///
/// To rotate the key without downtime, first add the new key to all instances, then put it first, then remove the old
/// one.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    first: SigningKey,
    others: Vec<SigningKey>,
}

impl SigningKeys {
    /// Parses keys separated or terminated by commas or line breaks, the signing key first. In such a list, blanks
    /// around keys and empty items are ignored. A single key is taken as it is.
    ///
    /// A text of which no item is long enough is a single key that contains commas.
    ///
    /// # Errors
    /// [`SigningKeyTooShort`] if a key is too short, or if there is none.
    pub fn parse(text: &str) -> Result<Self, SigningKeyTooShort> {
        const BETWEEN: [char; 3] = [',', '\n', '\r'];
        let items: Vec<_> = text.split(BETWEEN).map(str::trim).filter(|item| !item.is_empty()).collect();
        if !text.contains(BETWEEN) || items.iter().all(|item| item.len() < SigningKey::MIN_BYTES) {
            return Ok(SigningKey::new(text)?.into());
        }
        let mut keys = items.into_iter().map(SigningKey::new).collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = keys.next().ok_or(SigningKeyTooShort { bytes: 0 })?;
        Ok(Self { first, others: keys.collect() })
    }

    /// The key that signs.
    pub fn first(&self) -> &SigningKey {
        &self.first
    }

    /// All keys, the signing key first.
    pub fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<SigningKey> for SigningKeys {
    fn from(first: SigningKey) -> Self {
        Self { first, others: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let keys = SigningKeys::parse(text).unwrap();
        keys.iter().map(|key| String::from_utf8(key.expose().to_vec()).unwrap()).collect()
    }

    mod parse {
        use super::*;

        #[test]
        fn splits_at_commas_and_lines() {
            let (one, two) = ("1".repeat(32), "2".repeat(32));
            assert_eq!(keys(&one), std::slice::from_ref(&one));
            assert_eq!(keys(&format!(" {one}")), [format!(" {one}")], "a single key is taken as it is");
            for between in [",", ", ", "\n", "\r\n", ",\n"] {
                assert_eq!(keys(&format!("{one}{between}{two}\n")), [one.clone(), two.clone()], "{between:?}");
            }
        }

        #[test]
        fn ignores_trailing_separators() {
            let one = "1".repeat(32);
            for after in [",", "\n", "\r\n", " ,\n"] {
                assert_eq!(keys(&format!("{one}{after}")), std::slice::from_ref(&one), "{after:?}");
            }
        }

        #[test]
        fn reads_a_phrase_with_commas_as_one_key() {
            let phrase = "a signing key for tests, at least 32 bytes long";
            assert_eq!(keys(phrase), [phrase]);
        }

        #[test]
        fn rejects_a_list_with_a_short_key_and_one_without_keys() {
            assert_eq!(SigningKeys::parse(&format!("{},short", "1".repeat(32))).unwrap_err().bytes, 5);
            assert_eq!(SigningKeys::parse("short,shorter").unwrap_err().bytes, 13);
            assert!(SigningKeys::parse(" ,\n").is_err());
        }
    }

    mod debug {
        use super::*;

        #[test]
        fn hides_the_keys() {
            let shown = format!("{:?}", SigningKeys::parse(&format!("{},{}", "1".repeat(32), "2".repeat(32))).unwrap());
            assert!(!shown.contains("11") && !shown.contains("22"), "{shown}");
        }
    }
}
