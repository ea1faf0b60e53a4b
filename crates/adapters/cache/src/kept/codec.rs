//! The bytes of shared entries: a marker, then a record in JSON. Long records are compressed with LZ4.

use crate::kept::entry::Value;
use crate::kept::records::Record;
use crate::known::version::Version;

/// The format of shared entries. It is part of their keys: instances of different formats ignore each other's entries.
pub(crate) const FORMAT: &str = "1";

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// The longest uncompressed record in bytes. A longer one is rejected before decompression.
const LONGEST: usize = 4 * 1024 * 1024;

/// A decoded shared entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SharedEntry {
    pub(crate) value: Value,
    /// It includes every change up to here.
    pub(crate) version: Version,
}

/// Encodes an entry, compressed if it is longer than `compress_past` bytes. `None` if it cannot be serialized.
pub(crate) fn encode(value: &Value, version: Version, compress_past: usize) -> Option<Vec<u8>> {
    let record = Record { stamp: (version.milliseconds, version.sequence), value: value.into() };
    let mut bytes = vec![PLAIN];
    serde_json::to_writer(&mut bytes, &record).ok()?;
    if bytes.len() > compress_past {
        let packed = lz4_flex::compress_prepend_size(&bytes[1..]);
        bytes.truncate(0);
        bytes.push(LZ4);
        bytes.extend_from_slice(&packed);
    }
    Some(bytes)
}

/// Decodes the output of [`encode`]. `None` for anything else.
pub(crate) fn decode(bytes: &[u8]) -> Option<SharedEntry> {
    let (marker, rest) = bytes.split_first()?;
    match *marker {
        PLAIN => read(rest),
        LZ4 => {
            let (length, packed) = lz4_flex::block::uncompressed_size(rest).ok()?;
            if length > LONGEST {
                return None;
            }
            read(&lz4_flex::decompress(packed, length).ok()?)
        }
        _ => None,
    }
}

fn read(json: &[u8]) -> Option<SharedEntry> {
    let record: Record<'_> = serde_json::from_slice(json).ok()?;
    let (milliseconds, sequence) = record.stamp;
    Some(SharedEntry { value: record.value.into_value()?, version: Version::new(milliseconds, sequence) })
}

#[cfg(test)]
mod tests {
    use domain::{Cursor, Page, Post, Revision, Timestamp};
    use testkit::{NOW, a_post, a_user, id};

    use super::*;

    fn post(word: &str) -> Post {
        let author = a_user("ada").display_name("Ada \"the first\" é").build();
        let post = a_post(word, author.id).says("one\n\ttwo 🦀 'quoted' \\").published_by(&author);
        Post { edited_at: Some(NOW), revision: Revision(7), like_count: u64::MAX, comment_count: 3, ..post }
    }

    fn values() -> Vec<Value> {
        let user = a_user("ada").bio("tells\nnobody").build();
        let next = Some(Cursor { at: Timestamp::from_micros(-5), id: id::<()>("last").cuid() });
        vec![
            Value::Nothing,
            Value::Post(post("one").into()),
            Value::Post(Post { edited_at: None, ..post("one") }.into()),
            Value::User(user.into()),
            Value::Posts(Page { items: vec![], next: None }.into()),
            Value::Posts(Page { items: (0..100).map(|n| post(&format!("post{n}"))).collect(), next }.into()),
        ]
    }

    #[test]
    fn decoding_returns_what_was_encoded() {
        let version = Version::new(1_800_000_000_000, 42);
        for value in values() {
            for compress_past in [0, 1024, usize::MAX] {
                let bytes = encode(&value, version, compress_past).unwrap();
                assert_eq!(decode(&bytes), Some(SharedEntry { value: value.clone(), version }));
            }
        }
    }

    #[test]
    fn long_entries_are_compressed() {
        let long = values().pop().unwrap();
        let (plain, packed) =
            (encode(&long, Version::ZERO, usize::MAX).unwrap(), encode(&long, Version::ZERO, 1024).unwrap());
        assert_eq!((plain[0], packed[0]), (PLAIN, LZ4));
        assert!(packed.len() * 4 < plain.len(), "{} of {}", packed.len(), plain.len());
        assert_eq!(encode(&Value::Nothing, Version::ZERO, 1024).unwrap()[0], PLAIN);
    }

    #[test]
    fn malformed_bytes_decode_to_none() {
        let good = encode(&values()[1], Version::ZERO, 0).unwrap();
        let foreign_id = br#"{"stamp":[1,2],"value":{"posts":{"items":[],"next":[1,"NOT AN ID"]}}}"#;
        let mut bomb = vec![LZ4];
        bomb.extend_from_slice(&u32::MAX.to_le_bytes());
        bomb.extend_from_slice(&good[5..]);
        let plain = |json: &[u8]| [&[PLAIN], json].concat();
        for bytes in [&[][..], &[9], &[LZ4], &plain(b"{}"), &plain(foreign_id), &bomb, &good[..good.len() - 9]] {
            assert_eq!(decode(bytes), None);
        }
        for end in 0..good.len() {
            assert_eq!(decode(&good[..end]), None);
        }
    }
}
