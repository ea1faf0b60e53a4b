//! What the errors of the feed context are in HTTP.

use feed::{HomeTimelineError, PublicFeedError};
use http_kit::problem::Problem;

use crate::error::IntoProblem;

http_kit::codes! {}

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
