//! Showing one post.

use std::sync::Arc;

use domain::{PostId, PostView, RepositoryError, UserId};

use crate::ports::PostRepository;

/// Why a post was not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetPostError {
    /// There is none.
    #[error("there is no such post")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Shows one post.
pub struct GetPost {
    posts: Arc<dyn PostRepository>,
}

impl GetPost {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// The post as `viewer` sees it.
    pub async fn execute(&self, id: PostId, viewer: Option<UserId>) -> Result<PostView, GetPostError> {
        self.posts.find(id, viewer).await?.ok_or(GetPostError::NotFound)
    }
}
