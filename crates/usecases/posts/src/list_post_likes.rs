//! Lists the users who like a post.

use std::sync::Arc;

use domain::{FindError, Page, PageRequest, PostId, UserId, UserView};

use crate::ports::PostRepository;

/// Lists the users who like a post, newest like first.
pub struct ListPostLikes {
    posts: Arc<dyn PostRepository>,
}

impl ListPostLikes {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>) -> Self {
        Self { posts }
    }

    /// A page of the list, as `viewer` sees it.
    pub async fn execute(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<UserView>, FindError> {
        self.posts.list_likes(id, page, viewer).await?.ok_or(FindError::NotFound("post"))
    }
}
