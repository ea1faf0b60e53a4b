//! Listing who likes a post.

use std::sync::Arc;

use domain::{Page, PageRequest, PostId, RepositoryError, UserId, UserView};

use crate::ports::PostRepository;

/// Why likes were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListPostLikesError {
    /// There is no such post.
    #[error("there is no such post")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Lists who likes a post, newest like first.
pub struct ListPostLikes {
    posts: Arc<dyn PostRepository>,
}

impl ListPostLikes {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<UserView>, ListPostLikesError> {
        self.posts.list_likes(id, page, viewer).await?.ok_or(ListPostLikesError::NotFound)
    }
}
