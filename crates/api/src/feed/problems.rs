//! What the errors of the feed context are in HTTP.

use feed::{FollowUserError, HomeTimelineError, ListFollowsError, PublicFeedError};

use crate::http::problem::{Code, Problem};

impl From<FollowUserError> for Problem {
    fn from(error: FollowUserError) -> Self {
        match error {
            FollowUserError::NotFound => Self::not_found(error),
            FollowUserError::Oneself => Self::unprocessable("user", Code::CannotFollowSelf, error),
            FollowUserError::SessionEnded => Self::invalid_token(error),
            FollowUserError::Repository(error) => error.into(),
        }
    }
}

impl From<ListFollowsError> for Problem {
    fn from(error: ListFollowsError) -> Self {
        match error {
            ListFollowsError::NotFound => Self::not_found(error),
            ListFollowsError::Repository(error) => error.into(),
        }
    }
}

impl From<PublicFeedError> for Problem {
    fn from(error: PublicFeedError) -> Self {
        match error {
            PublicFeedError::Repository(error) => error.into(),
        }
    }
}

impl From<HomeTimelineError> for Problem {
    fn from(error: HomeTimelineError) -> Self {
        match error {
            HomeTimelineError::Repository(error) => error.into(),
        }
    }
}
