//! The keys that page cursors are authenticated with.

use aws_lc_rs::hmac;

use crate::signing_key::SigningKey;
use crate::signing_keys::SigningKeys;

/// The label of this use. Another use of the signing key, or another format of cursors, needs another label.
const PURPOSE: &[u8] = b"thoughts/cursor/v1";

/// The keys that page cursors are authenticated with: one per signing key, in the same order.
pub fn cursor_keys(signing_keys: &SigningKeys) -> Vec<[u8; 32]> {
    signing_keys.iter().map(cursor_key).collect()
}

/// The key that page cursors are authenticated with: HMAC-SHA256 of the label under the signing key.
///
/// It is derived, so a cursor works on every instance with the same signing key, without further configuration. It is a
/// separate key, so a cursor never passes for an access token or vice versa. Leaking it does not allow signing tokens.
fn cursor_key(signing_key: &SigningKey) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, signing_key.expose());
    let mut derived = [0; 32];
    // An HMAC-SHA256 tag has exactly 32 bytes.
    derived.iter_mut().zip(hmac::sign(&key, PURPOSE).as_ref()).for_each(|(to, from)| *to = *from);
    derived
}

#[cfg(test)]
mod tests {
    mod cursor_key {
        use super::super::*;

        #[test]
        fn is_the_same_on_every_instance() {
            // printf thoughts/cursor/v1 | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
            let expected = "8ffee89e1b6cce2e0feae45d5e44b006680c1566430f1b958322c3c93f8a5440";
            let key = cursor_key(&SigningKey::new([b'k'; 32]).unwrap());
            assert_eq!(key.map(|byte| format!("{byte:02x}")).concat(), expected);
        }

        #[test]
        fn differs_with_the_signing_key() {
            let of = |byte| cursor_key(&SigningKey::new([byte; 32]).unwrap());
            assert_ne!(of(1), of(2));
        }
    }
}
