//! Who follows whom, and the feeds that come of it.
//!
//! One use case a file; what they need of the world is in [`ports`].

mod follow_user;
mod home_timeline;
mod list_follows;
pub mod ports;
mod public_feed;

use std::sync::Arc;

use domain::Clock;

pub use follow_user::{FollowUser, FollowUserError};
pub use home_timeline::{HomeTimeline, HomeTimelineError};
pub use list_follows::{ListFollows, ListFollowsError};
pub use public_feed::{PublicFeed, PublicFeedError};

use ports::{FollowRepository, TimelineRepository};

/// What the use cases of this context are made of.
pub struct Dependencies {
    /// Keeps who follows whom.
    pub follows: Arc<dyn FollowRepository>,
    /// Reads timelines.
    pub timelines: Arc<dyn TimelineRepository>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The use cases of this context.
pub struct Feed {
    /// Follows a user, or stops following.
    pub follow: FollowUser,
    /// Lists followers, and those followed.
    pub list_follows: ListFollows,
    /// Lists the posts of everybody.
    pub public: PublicFeed,
    /// Lists the posts of those followed, and one's own.
    pub home: HomeTimeline,
}

impl Feed {
    /// Wires the use cases.
    pub fn new(with: Dependencies) -> Self {
        Self {
            follow: FollowUser::new(Arc::clone(&with.follows), with.clock),
            list_follows: ListFollows::new(with.follows),
            public: PublicFeed::new(Arc::clone(&with.timelines)),
            home: HomeTimeline::new(with.timelines),
        }
    }
}
