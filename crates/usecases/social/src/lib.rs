//! Who follows whom.
//!
//! One use case a file; what they need of the world is in [`ports`].

mod follow_user;
mod list_follows;
pub mod ports;

use std::sync::Arc;

use domain::Clock;

pub use follow_user::{FollowUser, FollowUserError};
pub use list_follows::ListFollows;

use ports::FollowRepository;

/// What the use cases of this context are made of.
pub struct Dependencies {
    /// Keeps who follows whom.
    pub follows: Arc<dyn FollowRepository>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The use cases of this context.
pub struct Social {
    /// Follows a user, or stops following.
    pub follow: FollowUser,
    /// Lists followers, and those followed.
    pub list_follows: ListFollows,
}

impl Social {
    /// Wires the use cases.
    pub fn new(with: Dependencies) -> Self {
        Self {
            follow: FollowUser::new(Arc::clone(&with.follows), with.clock),
            list_follows: ListFollows::new(with.follows),
        }
    }
}
