//! Listing the posts of one user.

use std::sync::Arc;

use domain::{PageRequest, PostPage, RepositoryError, UserId, UserRef};

use crate::ports::PostRepository;

/// Why posts were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListUserPostsError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Lists the posts of one user, newest first.
pub struct ListUserPosts {
    posts: Arc<dyn PostRepository>,
}

impl ListUserPosts {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<PostPage, ListUserPostsError> {
        self.posts.list_by_user(user, page, viewer).await?.ok_or(ListUserPostsError::NotFound)
    }
}
