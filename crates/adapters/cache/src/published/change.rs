//! Changes: the tags that a write invalidates, and their encoding in the log.
//!
//! Invariant: a change of a newer or unknown format is read as a change of everything. No invalidation is lost.

use domain::{Cuid, UserId, Username};
use events::Fact;

use crate::known::tag::Tag;

/// The tags that a write invalidates. It is published after the commit, and before the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The writer, who from then on reads this write through any instance.
    pub by: Option<UserId>,
    pub tags: Vec<Tag>,
}

/// More tags than this are published as everything.
const MOST: usize = 1_000;

/// The first byte: the version of the encoding. Raise it with any change that older readers would misread. A reader
/// takes an unknown version for a change of everything.
const FORMAT: u8 = 1;

const POST: u8 = b'p';
const USER: u8 = b'u';
const AUTHOR: u8 = b'a';
const NAME: u8 = b'n';
const POSTS_OF: u8 = b'o';
const PUBLIC_FEED: u8 = b'f';
const EVERYTHING: u8 = b'*';

impl Change {
    /// The tags that `facts` invalidate. Too many tags become everything, because reloading the entries costs less.
    pub(crate) fn of(by: Option<UserId>, facts: &[Fact]) -> Self {
        let mut tags = Vec::with_capacity(4);
        for fact in facts {
            Tag::add_those_of(fact, &mut tags);
        }
        if tags.len() > MOST { Self::of_everything() } else { Self { by, tags } }
    }

    /// A change that invalidates everything.
    pub fn of_everything() -> Self {
        Self { by: None, tags: vec![Tag::Everything] }
    }

    /// Encodes the change for the log.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 + (self.tags.len() + 1) * (1 + Cuid::LENGTH));
        bytes.push(FORMAT);
        bytes.push(u8::from(self.by.is_some()));
        if let Some(by) = self.by {
            bytes.extend_from_slice(by.as_str().as_bytes());
        }
        for tag in &self.tags {
            tag.write(&mut bytes);
        }
        bytes
    }

    /// Decodes the output of [`encode`](Self::encode). Malformed bytes, and bytes of a newer format, become a change of
    /// everything.
    pub fn decode(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_else(Self::of_everything)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        if rest.byte()? != FORMAT {
            return None;
        }
        let by = match rest.byte()? {
            0 => None,
            1 => Some(rest.id()?.into()),
            _ => return None,
        };
        let mut tags = Vec::new();
        while !rest.0.is_empty() {
            tags.push(Tag::read(&mut rest)?);
        }
        Some(Self { by, tags })
    }
}

impl Tag {
    /// Appends the encoded tag.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let (kind, id) = match self {
            Self::Post(id) => (POST, Some(id.cuid())),
            Self::User(id) => (USER, Some(id.cuid())),
            Self::Author(id) => (AUTHOR, Some(id.cuid())),
            Self::Name(_) => (NAME, None),
            Self::PostsOf(id) => (POSTS_OF, Some(id.cuid())),
            Self::PublicFeed => (PUBLIC_FEED, None),
            Self::Everything => (EVERYTHING, None),
        };
        bytes.push(kind);
        if let Some(id) = id {
            bytes.extend_from_slice(id.as_str().as_bytes());
        }
        if let Self::Name(name) = self {
            // Names have at most 30 ASCII characters, so the length fits a byte.
            let name = name.as_str().as_bytes();
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            bytes.push(length);
            bytes.extend_from_slice(&name[..usize::from(length)]);
        }
    }

    fn read(rest: &mut Rest<'_>) -> Option<Self> {
        Some(match rest.byte()? {
            POST => Self::Post(rest.id()?.into()),
            USER => Self::User(rest.id()?.into()),
            AUTHOR => Self::Author(rest.id()?.into()),
            NAME => {
                let length = rest.byte()?;
                Self::Name(Username::from_stored(rest.text(usize::from(length))?.to_owned()))
            }
            POSTS_OF => Self::PostsOf(rest.id()?.into()),
            PUBLIC_FEED => Self::PublicFeed,
            EVERYTHING => Self::Everything,
            _ => return None,
        })
    }
}

/// The bytes not yet decoded.
struct Rest<'b>(&'b [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn text(&mut self, length: usize) -> Option<&str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn id(&mut self) -> Option<Cuid> {
        Cuid::parse(self.text(Cuid::LENGTH)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use testkit::id;

    use super::*;

    fn change() -> Change {
        Change {
            by: Some(id("ada")),
            tags: vec![
                Tag::Post(id("post")),
                Tag::User(id("ada")),
                Tag::Author(id("ada")),
                Tag::Name(Username::parse("ada_99").unwrap()),
                Tag::PostsOf(id("ada")),
                Tag::PublicFeed,
                Tag::Everything,
            ],
        }
    }

    #[test]
    fn too_many_tags_become_everything() {
        let facts = |count| vec![Fact::PostRecounted { post: id("post") }; count];
        let few = Change { by: Some(id("ada")), tags: vec![Tag::Post(id("post")); MOST] };
        assert_eq!(Change::of(Some(id("ada")), &facts(MOST)), few);
        assert_eq!(Change::of(Some(id("ada")), &facts(MOST + 1)), Change::of_everything());
    }

    #[test]
    fn decoding_returns_what_was_encoded() {
        for change in [change(), Change { by: None, ..change() }, Change { by: None, tags: Vec::new() }] {
            assert_eq!(Change::decode(&change.encode()), change);
        }
    }

    #[test]
    fn is_compact() {
        assert_eq!(Change { by: Some(id("ada")), tags: vec![Tag::Post(id("post"))] }.encode().len(), 51);
    }

    #[test]
    fn unreadable_bytes_become_everything() {
        let good = change().encode();
        let mut later = good.clone();
        later[0] = FORMAT + 1;
        let mut unknown_tag = good.clone();
        unknown_tag.push(b'?');
        for bytes in [&[][..], &[FORMAT], &[FORMAT, 7], &later, &unknown_tag, &good[..good.len() - 5], b"garbage"] {
            assert_eq!(Change::decode(bytes), Change::of_everything(), "{bytes:?}");
        }
    }

    #[test]
    fn truncation_keeps_a_prefix_or_becomes_everything() {
        let whole = change();
        let bytes = whole.encode();
        for end in 0..bytes.len() {
            let read = Change::decode(&bytes[..end]);
            // A cut between two tags is undetectable. The log stores entries whole.
            assert!(read == Change::of_everything() || whole.tags.starts_with(&read.tags), "{end}: {read:?}");
        }
    }
}
