//! The public feed: all posts.

use std::sync::Arc;

use domain::{PageRequest, PostPage, RepositoryError, UserId};

use crate::ports::TimelineRepository;

/// Lists all posts, newest first.
pub struct PublicFeed {
    timelines: Arc<dyn TimelineRepository>,
}

impl PublicFeed {
    /// Creates the use case.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { timelines }
    }

    /// A page of the feed, as `viewer` sees it.
    pub async fn execute(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError> {
        self.timelines.public(page, viewer).await
    }
}
