//! The feeds: all posts, and the posts of the users that a user follows.
//!
//! One use case a file; the ports are in [`ports`].

mod home_timeline;
pub mod ports;
mod public_feed;

use std::sync::Arc;

pub use home_timeline::HomeTimeline;
pub use public_feed::PublicFeed;

use ports::TimelineRepository;

/// The use cases of this context.
pub struct Feed {
    /// Lists all posts.
    pub public: PublicFeed,
    /// Lists the posts of the user and of the followed users.
    pub home: HomeTimeline,
}

impl Feed {
    /// Creates the use cases over `timelines`.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { public: PublicFeed::new(Arc::clone(&timelines)), home: HomeTimeline::new(timelines) }
    }
}
