//! Listing the comments on a post, and the replies to a comment.

use std::sync::Arc;

use domain::{CommentView, Page, PageRequest, RepositoryError, UserId};

use crate::ports::{CommentRepository, Thread};

/// Why comments were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListCommentsError {
    /// There is no such post or comment.
    #[error("there is no such post or comment")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Lists one level of a thread, oldest first.
pub struct ListComments {
    comments: Arc<dyn CommentRepository>,
}

impl ListComments {
    /// Wires the use case.
    pub fn new(comments: Arc<dyn CommentRepository>) -> Self {
        Self { comments }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<CommentView>, ListCommentsError> {
        self.comments.list(thread, page, viewer).await?.ok_or(ListCommentsError::NotFound)
    }
}
