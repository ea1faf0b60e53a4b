//! Maps errors of follows to HTTP problems.

use http_kit::problem::Problem;
use social::FollowUserError;

use crate::error::IntoProblem;

http_kit::codes! {
    /// Users cannot follow themselves.
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
