//! Posts: published thoughts.

use crate::{Author, Content, Id, Shared, Timestamp, Viewed, ViewedPage};

/// A published thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id of the post.
    pub id: PostId,
    /// The author, as the post shows it.
    pub author: Author,
    /// The text.
    pub content: Content,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// The number of edits.
    pub revision: Revision,
    /// Number of accounts that like it.
    pub like_count: u64,
    /// Number of comments on it at any depth, without deleted ones.
    pub comment_count: u64,
}

/// The id of a [`Post`].
pub type PostId = Id<Post>;

/// The flags of a signed-in reader on a post. No other user sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PostViewer {
    /// Whether the reader likes it.
    pub liked: bool,
    /// Whether the reader bookmarked it.
    pub bookmarked: bool,
}

/// A post as one reader sees it.
pub type PostView = Viewed<Shared<Post>, PostViewer>;

/// A page of posts as one reader sees them.
pub type PostPage = ViewedPage<Post, PostViewer>;

/// The number of edits of a thing, from zero: the version that `If-Match` guards.
///
/// Counters do not raise it, so a like never conflicts with an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u32);

impl Revision {
    /// A revision that nothing ever reaches: a precondition that always fails.
    pub const NEVER: Self = Self(u32::MAX);
}
