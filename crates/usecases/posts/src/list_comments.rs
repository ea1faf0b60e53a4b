//! Lists the comments on a post, and the replies to a comment.

use std::sync::Arc;

use domain::{CommentView, FindError, Page, PageRequest, UserId};

use crate::ports::{CommentRepository, Thread};

/// Lists one level of a thread, oldest first.
pub struct ListComments {
    comments: Arc<dyn CommentRepository>,
}

impl ListComments {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>) -> Self {
        Self { comments }
    }

    /// A page of the list, as `viewer` sees it.
    pub async fn execute(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<CommentView>, FindError> {
        self.comments.list(thread, page, viewer).await?.ok_or(FindError::NotFound("post or comment"))
    }
}
