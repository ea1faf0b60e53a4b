//! The posts of those whom a user follows.

use std::sync::Arc;

use domain::{PageRequest, PostPage, RepositoryError, UserId};

use crate::ports::TimelineRepository;

/// Lists the posts of those whom a user follows, and the user's own, newest first.
pub struct HomeTimeline {
    timelines: Arc<dyn TimelineRepository>,
}

impl HomeTimeline {
    /// Wires the use case.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { timelines }
    }

    /// One page of the timeline of `user`.
    pub async fn execute(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError> {
        self.timelines.home(user, page).await
    }
}
