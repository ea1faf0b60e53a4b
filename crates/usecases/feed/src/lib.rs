//! The feeds: the posts of everybody, and those of whom a user follows.
//!
//! One use case a file; what they need of the world is in [`ports`].

mod home_timeline;
pub mod ports;
mod public_feed;

use std::sync::Arc;

pub use home_timeline::HomeTimeline;
pub use public_feed::PublicFeed;

use ports::TimelineRepository;

/// The use cases of this context.
pub struct Feed {
    /// Lists the posts of everybody.
    pub public: PublicFeed,
    /// Lists the posts of those followed, and one's own.
    pub home: HomeTimeline,
}

impl Feed {
    /// Wires the use cases, over what reads timelines.
    pub fn new(timelines: Arc<dyn TimelineRepository>) -> Self {
        Self { public: PublicFeed::new(Arc::clone(&timelines)), home: HomeTimeline::new(timelines) }
    }
}
