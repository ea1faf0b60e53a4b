//! The posts of everybody.

use std::sync::Arc;

use domain::{PageRequest, PostPage, RepositoryError, UserId};

use crate::ports::TimelineRepository;

/// Lists the posts of everybody, newest first.
pub struct PublicFeed {
    timelines: Arc<dyn TimelineRepository>,
}

impl PublicFeed {
    /// Wires the use case.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { timelines }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError> {
        self.timelines.public(page, viewer).await
    }
}
