//! Listing followers, and those followed.

use std::sync::Arc;

use domain::{Page, PageRequest, RepositoryError, UserId, UserRef, UserView};

use crate::ports::{FollowRepository, Relation};

/// Why follows were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListFollowsError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Lists followers, or those followed, newest follow first.
pub struct ListFollows {
    follows: Arc<dyn FollowRepository>,
}

impl ListFollows {
    /// Wires the use case.
    pub fn new(follows: Arc<dyn FollowRepository>) -> Self {
        Self { follows }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Page<UserView>, ListFollowsError> {
        self.follows.list(user, relation, page, viewer).await?.ok_or(ListFollowsError::NotFound)
    }
}
