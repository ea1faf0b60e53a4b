//! The keys of a server whose key is being changed.

use crate::signing_key::{SigningKey, SigningKeyTooShort};

/// The keys of a server: the first signs, and what any of them signed is taken. To change the key without a stop, instances
/// learn the new one first, then sign with it, then forget the old one.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    first: SigningKey,
    others: Vec<SigningKey>,
}

impl SigningKeys {
    /// Takes keys with commas or line breaks between or after them, the one that signs first. Blanks around a key in such a
    /// list, and empty items, are left out; a key that stands alone is taken as it is.
    ///
    /// A text of which no part is long enough is one key, which has commas in it: as before there could be several.
    ///
    /// # Errors
    /// [`SigningKeyTooShort`] when one is too short, or when there is none.
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

    /// All keys, the one that signs first.
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
            assert_eq!(keys(&format!(" {one}")), [format!(" {one}")], "a key that stands alone is taken as it is");
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
