//! Follows.
//!
//! One use case a file; the ports are in [`ports`].

mod follow_user;
mod list_follows;
pub mod ports;
#[cfg(test)]
mod test_support;

use std::sync::Arc;

use domain::Clock;

pub use follow_user::{FollowUser, FollowUserError};
pub use list_follows::ListFollows;

use ports::FollowRepository;

/// The ports that the use cases of this context need.
pub struct Dependencies {
    /// Stores follows.
    pub follows: Arc<dyn FollowRepository>,
    /// Provides the time.
    pub clock: Arc<dyn Clock>,
}

/// The use cases of this context.
pub struct Social {
    /// Follows or unfollows a user.
    pub follow: FollowUser,
    /// Lists followers, and followed users.
    pub list_follows: ListFollows,
}

impl Social {
    /// Creates the use cases.
    pub fn new(with: Dependencies) -> Self {
        Self {
            follow: FollowUser::new(Arc::clone(&with.follows), with.clock),
            list_follows: ListFollows::new(with.follows),
        }
    }
}
