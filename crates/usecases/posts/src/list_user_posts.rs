//! Lists the posts of one user.

use std::sync::Arc;

use domain::{FindError, PageRequest, PostPage, UserId, UserRef};

use crate::ports::PostRepository;

/// Lists the posts of one user, newest first.
pub struct ListUserPosts {
    posts: Arc<dyn PostRepository>,
}

impl ListUserPosts {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// A page of the list, as `viewer` sees it.
    pub async fn execute(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<PostPage, FindError> {
        self.posts.list_by_user(user, page, viewer).await?.ok_or(FindError::NotFound("user"))
    }
}
