//! Shared by the tests of this crate.

use domain::{
    Author, Clock, Comment, CommentBody, Content, Cuid, DisplayName, Id, IdGenerator, Post, Principal, Revision,
    Timestamp, Username,
};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

pub(crate) struct FixedIds;

impl IdGenerator for FixedIds {
    fn generate(&self) -> Cuid {
        cuid(1)
    }
}

fn cuid(n: u32) -> Cuid {
    Cuid::parse(&format!("t{n:023}")).unwrap()
}

pub(crate) fn id<T>(n: u32) -> Id<T> {
    cuid(n).into()
}

/// User `n`, in a session of their own.
pub(crate) fn principal(n: u32) -> Principal {
    Principal { user_id: id(n), session_id: id(1000 + n) }
}

fn author(n: u32) -> Author {
    Author { id: id(n), username: Username::parse("ada").unwrap(), display_name: DisplayName::parse("Ada").unwrap() }
}

pub(crate) fn post(n: u32, author_id: u32) -> Post {
    Post {
        id: id(n),
        author: author(author_id),
        content: Content::parse("hello").unwrap(),
        created_at: NOW,
        edited_at: None,
        revision: Revision(0),
        like_count: 0,
        comment_count: 0,
    }
}

pub(crate) fn comment(n: u32, author_id: u32) -> Comment {
    Comment {
        id: id(n),
        post_id: id(100),
        parent_id: None,
        body: CommentBody::Live { author: author(author_id), content: Content::parse("hello").unwrap() },
        created_at: NOW,
        edited_at: None,
        revision: Revision(0),
        like_count: 0,
        reply_count: 0,
    }
}
