//! Reads one post.

use std::sync::Arc;

use domain::{FindError, PostId, PostView, UserId};

use crate::ports::PostRepository;

/// Reads one post.
pub struct GetPost {
    posts: Arc<dyn PostRepository>,
}

impl GetPost {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// The post as `viewer` sees it.
    pub async fn execute(&self, id: PostId, viewer: Option<UserId>) -> Result<PostView, FindError> {
        self.posts.find(id, viewer).await?.ok_or(FindError::NotFound("post"))
    }
}
