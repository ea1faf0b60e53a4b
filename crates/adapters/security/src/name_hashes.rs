//! Hashes of usernames, kept after their accounts are erased.

use accounts::ports::{NameHash, NameHasher, NameHashes};
use aws_lc_rs::hmac;
use domain::Username;

use crate::signing_key::SigningKey;

/// The label of this use. Another use of the signing key needs another label.
const PURPOSE: &[u8] = b"thoughts/kept-name/v1";

/// Hashes usernames with HMAC-SHA256 under a key derived from the signing key. The table alone does not reveal by trial
/// which names were erased.
///
/// A name kept under a signing key that is no longer configured is not recognised, and is free again.
pub struct KeyedNameHasher {
    current: hmac::Key,
    older: Vec<hmac::Key>,
}

impl KeyedNameHasher {
    /// Hashes under `current`, and recognises hashes under the `older` keys.
    pub fn new<'k>(current: &SigningKey, older: impl IntoIterator<Item = &'k SigningKey>) -> Self {
        Self { current: derive(current), older: older.into_iter().map(derive).collect() }
    }
}

fn derive(key: &SigningKey) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), PURPOSE);
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

impl NameHasher for KeyedNameHasher {
    fn hashes(&self, name: &Username) -> NameHashes {
        let hash = |key: &hmac::Key| {
            let mut hash = [0; 32];
            // An HMAC-SHA256 tag has exactly 32 bytes.
            hash.iter_mut().zip(hmac::sign(key, name.as_str().as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
            NameHash(hash)
        };
        NameHashes { current: hash(&self.current), older: self.older.iter().map(hash).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32]).unwrap()
    }

    fn name(raw: &str) -> Username {
        Username::parse(raw).unwrap()
    }

    mod hashes {
        use super::*;

        #[test]
        fn are_equal_on_every_instance_and_differ_between_names() {
            let hasher = KeyedNameHasher::new(&key(b'k'), []);
            assert_eq!(hasher.hashes(&name("ada")), KeyedNameHasher::new(&key(b'k'), []).hashes(&name("Ada")));
            assert_ne!(hasher.hashes(&name("ada")), hasher.hashes(&name("bob")));
            // printf ada | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$(printf thoughts/kept-name/v1 |
            // openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk -r | cut -d' ' -f1)"
            let hex = hasher.hashes(&name("ada")).current.0.map(|byte| format!("{byte:02x}")).concat();
            assert_eq!(hex, "38fc6369f30e5fb4c65773bf66e848ac29805b356b71bd61a161e94b53ce25ba");
        }

        #[test]
        fn include_the_hashes_of_older_keys() {
            let old = KeyedNameHasher::new(&key(1), []).hashes(&name("ada"));
            let both = KeyedNameHasher::new(&key(2), [&key(1)]).hashes(&name("ada"));
            assert_eq!(both.older, [old.current]);
            assert_ne!(both.current, old.current);
        }
    }
}
