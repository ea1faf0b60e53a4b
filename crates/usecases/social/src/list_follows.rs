//! Lists followers, and followed users.

use std::sync::Arc;

use domain::{FindError, Page, PageRequest, UserId, UserRef, UserView};

use crate::ports::{FollowRepository, Relation};

/// Lists the followers of a user, or the users that they follow, newest follow first.
pub struct ListFollows {
    follows: Arc<dyn FollowRepository>,
}

impl ListFollows {
    /// Creates the use case.
    pub fn new(follows: Arc<dyn FollowRepository>) -> Self {
        Self { follows }
    }

    /// A page of the list, as `viewer` sees it.
    pub async fn execute(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<UserView>, FindError> {
        self.follows.list(user, relation, page, viewer).await?.ok_or(FindError::NotFound("user"))
    }
}
