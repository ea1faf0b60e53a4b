//! Reads one comment.

use std::sync::Arc;

use domain::{CommentId, CommentView, FindError, UserId};

use crate::ports::CommentRepository;

/// Reads one comment.
pub struct GetComment {
    comments: Arc<dyn CommentRepository>,
}

impl GetComment {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>) -> Self {
        Self { comments }
    }

    /// The comment as `viewer` sees it. A deleted comment with replies has no author and no text.
    pub async fn execute(&self, id: CommentId, viewer: Option<UserId>) -> Result<CommentView, FindError> {
        self.comments.find(id, viewer).await?.ok_or(FindError::NotFound("comment"))
    }
}
