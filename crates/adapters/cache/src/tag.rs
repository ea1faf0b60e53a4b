//! What a copy depends on, and a change touches.

use domain::{PostId, UserId, Username};
use xxhash_rust::xxh3::xxh3_64;

/// Something whose change makes copies worthless.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tag {
    /// One post: its words and counters, and whether there is one.
    Post(PostId),
    /// One account: its profile and counters, and whether there is one.
    User(UserId),
    /// What posts show of an account. Apart from [`User`](Tag::User), so that a follow or another post, which change an
    /// account's counters, leave the copies of its posts alone.
    Author(UserId),
    /// Whether somebody has a name.
    Name(Username),
    /// Which posts a user has written.
    PostsOf(UserId),
    /// Which posts there are.
    PublicFeed,
    /// All of it: for changes that touch too much to name.
    Everything,
}

/// A tag as the tag table and the copies in memory know it: eight bytes instead of some forty.
///
/// Should two tags ever have the same print, a change to one makes copies worthless that depend on the other, which
/// costs a load and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Print(pub(crate) u64);

impl Tag {
    pub(crate) fn print(&self) -> Print {
        let mut bytes = Vec::with_capacity(32);
        self.write(&mut bytes);
        Print(xxh3_64(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use testkit::id;

    use super::*;

    #[test]
    fn tags_of_one_id_have_prints_of_their_own() {
        let tags = [
            Tag::Post(id("ada")),
            Tag::User(id("ada")),
            Tag::Author(id("ada")),
            Tag::Name(Username::parse("ada").unwrap()),
            Tag::PostsOf(id("ada")),
            Tag::PublicFeed,
            Tag::Everything,
        ];
        assert_eq!(tags.iter().map(Tag::print).collect::<HashSet<_>>().len(), tags.len());
        assert_eq!(tags[0].print(), Tag::Post(id("ada")).print());
    }
}
