//! Thoughts that somebody published.

use crate::{Author, Content, ContentViewer, Id, Shared, Timestamp, Viewed, ViewedPage};

/// A published thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Identity.
    pub id: PostId,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: Content,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// Counts its edits.
    pub revision: Revision,
    /// Accounts that like it.
    pub like_count: u64,
    /// Comments on it at any depth, deleted ones not counted.
    pub comment_count: u64,
}

/// Identifies a [`Post`].
pub type PostId = Id<Post>;

/// A post as one reader sees it.
pub type PostView = Viewed<Shared<Post>, ContentViewer>;

/// A page of posts as one reader sees them.
pub type PostPage = ViewedPage<Post, ContentViewer>;

/// Counts the changes that people made to a thing, from zero: the part of a thing's version that editing guards.
///
/// Counters do not advance it, so that a like does not get into the way of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u32);

impl Revision {
    /// What nothing ever reaches: expecting it is expecting something that never was.
    pub const NEVER: Self = Self(u32::MAX);
}
