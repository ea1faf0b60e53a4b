//! Showing one comment.

use std::sync::Arc;

use domain::{CommentId, CommentView, FindError, UserId};

use crate::ports::CommentRepository;

/// Shows one comment.
pub struct GetComment {
    comments: Arc<dyn CommentRepository>,
}

impl GetComment {
    /// Wires the use case.
    pub fn new(comments: Arc<dyn CommentRepository>) -> Self {
        Self { comments }
    }

    /// The comment as `viewer` sees it; one that was deleted and has replies is shown without its words.
    pub async fn execute(&self, id: CommentId, viewer: Option<UserId>) -> Result<CommentView, FindError> {
        self.comments.find(id, viewer).await?.ok_or(FindError::NotFound("comment"))
    }
}
