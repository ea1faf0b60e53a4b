//! Answers to posts, and answers to those.

use crate::{Author, Content, ContentViewer, Id, PostId, Revision, Timestamp, Viewed};

/// A comment on a post, or a reply to another comment on the same post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Identity.
    pub id: CommentId,
    /// The post it is about.
    pub post_id: PostId,
    /// The comment it replies to; `None` at the top level.
    pub parent_id: Option<CommentId>,
    /// What it says, while it says something.
    pub body: CommentBody,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// Counts its edits.
    pub revision: Revision,
    /// Accounts that like it.
    pub like_count: u64,
    /// Direct replies, those included that were deleted but stay for the replies below them.
    pub reply_count: u64,
}

/// A comment's words, or their absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentBody {
    /// Somebody said something.
    Live {
        /// Who.
        author: Author,
        /// What.
        content: Content,
    },
    /// It was deleted, and stays only because it has replies.
    Deleted,
}

impl Comment {
    /// How far below the top level of its post a reply may stand: 1 answers a comment on the post.
    pub const DEEPEST: u32 = 100;

    /// Who wrote it, unless it was deleted.
    pub fn author(&self) -> Option<&Author> {
        match &self.body {
            CommentBody::Live { author, .. } => Some(author),
            CommentBody::Deleted => None,
        }
    }
}

/// Identifies a [`Comment`].
pub type CommentId = Id<Comment>;

/// A comment as one reader sees it.
pub type CommentView = Viewed<Comment, ContentViewer>;
