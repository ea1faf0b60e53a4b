//! Cursors as clients see them: opaque, versioned, and valid only for the list that issued them.
//!
//! Layout, before base64url without padding: version (1 byte), time in microseconds (8, big-endian), id (24), and a
//! tag. The tag is the first sixteen bytes of the HMAC-SHA256 of the preceding bytes and the list's path. The text
//! has 66 characters.

use std::sync::Arc;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Cuid, Cursor, Timestamp};

use super::problem::{Problem, code};

const VERSION: u8 = 1;
const TAG: usize = 16;
const SIGNED: usize = 1 + 8 + Cuid::LENGTH;

/// Encodes, signs, verifies and decodes cursors.
#[derive(Clone)]
pub struct CursorCodec {
    /// The first key signs; all keys verify.
    keys: Arc<[hmac::Key]>,
}

impl CursorCodec {
    /// Signs with the first of `keys` and accepts signatures of all of them, so that pagination continues during a
    /// key rotation. Without keys, every cursor is rejected.
    pub fn new(keys: &[[u8; 32]]) -> Self {
        Self { keys: keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)).collect() }
    }

    /// Encodes a position in the list at `path`.
    pub fn encode(&self, path: &str, cursor: Cursor) -> String {
        let mut bytes = Vec::with_capacity(SIGNED + TAG);
        bytes.push(VERSION);
        bytes.extend_from_slice(&cursor.at.as_micros().to_be_bytes());
        bytes.extend_from_slice(cursor.id.as_str().as_bytes());
        if let Some(key) = self.keys.first() {
            bytes.extend_from_slice(&tag(key, path, &bytes).as_ref()[..TAG]);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Decodes a cursor of the list at `path`.
    ///
    /// # Errors
    /// 400 `invalid_cursor` for any text that [`CursorCodec::encode`] did not return for that list.
    pub fn decode(&self, path: &str, text: &str) -> Result<Cursor, Problem> {
        self.try_decode(path, text)
            .ok_or_else(|| Problem::new(code::INVALID_CURSOR, "The cursor was not issued for this list."))
    }

    fn try_decode(&self, path: &str, text: &str) -> Option<Cursor> {
        let bytes: [u8; SIGNED + TAG] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (signed, signature) = bytes.split_at(SIGNED);
        let is_by =
            |key| constant_time::verify_slices_are_equal(signature, &tag(key, path, signed).as_ref()[..TAG]).is_ok();
        if !self.keys.iter().any(is_by) {
            return None;
        }
        let (version, rest) = signed.split_first()?;
        let (at, id) = rest.split_first_chunk::<8>()?;
        let id = Cuid::parse(std::str::from_utf8(id).ok()?).ok()?;
        (*version == VERSION).then_some(Cursor { at: Timestamp::from_micros(i64::from_be_bytes(*at)), id })
    }
}

fn tag(key: &hmac::Key, path: &str, signed: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(signed);
    context.update(path.as_bytes());
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor { at: Timestamp::from_micros(-5), id: Cuid::parse("tz4a98xxat96iws9zmbrgj3a").unwrap() }
    }

    #[test]
    fn decodes_to_the_encoded_position() {
        let codec = CursorCodec::new(&[[7; 32]]);
        let text = codec.encode("/v1/posts", cursor());
        assert_eq!(text.len(), 66);
        assert_eq!(codec.decode("/v1/posts", &text).unwrap(), cursor());
    }

    #[test]
    fn verifies_with_every_key_and_signs_with_the_first() {
        let [old, new] = [[7; 32], [8; 32]];
        let (before, both, after) = (CursorCodec::new(&[old]), CursorCodec::new(&[new, old]), CursorCodec::new(&[new]));
        assert_eq!(both.decode("/v1/posts", &before.encode("/v1/posts", cursor())).unwrap(), cursor());
        assert_eq!(after.decode("/v1/posts", &both.encode("/v1/posts", cursor())).unwrap(), cursor());
        assert!(before.decode("/v1/posts", &both.encode("/v1/posts", cursor())).is_err());
    }

    #[test]
    fn rejects_foreign_and_tampered_cursors() {
        let codec = CursorCodec::new(&[[7; 32]]);
        let text = codec.encode("/v1/posts", cursor());
        assert!(codec.decode("/v1/users", &text).is_err());
        assert!(CursorCodec::new(&[[8; 32]]).decode("/v1/posts", &text).is_err());
        for position in 0..text.len() {
            let mut tampered = text.clone().into_bytes();
            tampered[position] = if tampered[position] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert!(codec.decode("/v1/posts", &tampered).is_err(), "{tampered}");
        }
        for garbage in ["", "é", "AAAA", &"A".repeat(66), &"A".repeat(500)] {
            assert!(codec.decode("/v1/posts", garbage).is_err(), "{garbage}");
        }
    }
}
