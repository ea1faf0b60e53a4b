//! Comments on posts, and replies to them.

use crate::{Author, Content, Id, PostId, Revision, Timestamp, Viewed};

/// A comment on a post, or a reply to another comment on the same post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The id of the comment.
    pub id: CommentId,
    /// The post that it belongs to.
    pub post_id: PostId,
    /// The comment that it replies to; `None` at the top level.
    pub parent_id: Option<CommentId>,
    /// The author and the text, unless it was deleted.
    pub body: CommentBody,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// The number of edits.
    pub revision: Revision,
    /// Number of accounts that like it.
    pub like_count: u64,
    /// Number of direct replies, with deleted ones that stay for the replies below them.
    pub reply_count: u64,
}

/// The content of a comment, or the mark of a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentBody {
    /// The comment has an author and a text.
    Live {
        /// The author, as the comment shows it.
        author: Author,
        /// The text.
        content: Content,
    },
    /// The comment was deleted, and stays only because it has replies.
    Deleted,
}

impl Comment {
    /// The greatest depth of a reply below the top level of its post: 1 is a reply to a top-level comment.
    pub const DEEPEST: u32 = 100;

    /// The author, unless the comment was deleted.
    pub fn author(&self) -> Option<&Author> {
        match &self.body {
            CommentBody::Live { author, .. } => Some(author),
            CommentBody::Deleted => None,
        }
    }
}

/// The id of a [`Comment`].
pub type CommentId = Id<Comment>;

/// The flags of a signed-in reader on a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentViewer {
    /// Whether the reader likes it.
    pub liked: bool,
}

/// A comment as one reader sees it.
pub type CommentView = Viewed<Comment, CommentViewer>;
