//! What the errors of the feed context are in HTTP.

use feed::{FollowUserError, HomeTimelineError, ListFollowsError, PublicFeedError};

use crate::error::IntoProblem;
use http_kit::problem::Problem;

http_kit::codes! {
    /// One may not follow oneself.
    CANNOT_FOLLOW_SELF = 422 "cannot_follow_self";
}

impl IntoProblem for FollowUserError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::Oneself => Problem::unprocessable("user", CANNOT_FOLLOW_SELF, self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for ListFollowsError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for PublicFeedError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for HomeTimelineError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Repository(error) => error.into(),
        }
    }
}
