//! What the errors of follows are in HTTP.

use http_kit::problem::Problem;
use social::FollowUserError;

use crate::error::IntoProblem;

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
