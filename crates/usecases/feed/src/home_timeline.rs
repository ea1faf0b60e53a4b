//! The home timeline: the posts of a user and of the users that they follow.

use std::sync::Arc;

use domain::{PageRequest, PostPage, RepositoryError, UserId};

use crate::ports::TimelineRepository;

/// Lists the posts of a user and of the users that they follow, newest first.
pub struct HomeTimeline {
    timelines: Arc<dyn TimelineRepository>,
}

impl HomeTimeline {
    /// Creates the use case.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { timelines }
    }

    /// A page of the timeline of `user`.
    pub async fn execute(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError> {
        self.timelines.home(user, page).await
    }
}
