//! The error type of handlers: converts errors of use cases to problems.

use actix_web::HttpResponse;
use domain::{FindError, RepositoryError};
use http_kit::problem::Problem;

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, ApiError>;

/// Why a call failed. A local type, because the orphan rule forbids `From` between foreign types: both [`Problem`]
/// and the errors of use cases are foreign to this crate.
pub(crate) struct ApiError(Problem);

/// An error that maps to a [`Problem`]. Each context implements it in its `problems.rs` with an exhaustive match.
pub(crate) trait IntoProblem {
    /// The problem that the client receives.
    fn into_problem(self) -> Problem;
}

impl IntoProblem for Problem {
    fn into_problem(self) -> Problem {
        self
    }
}

impl IntoProblem for RepositoryError {
    fn into_problem(self) -> Problem {
        self.into()
    }
}

impl IntoProblem for FindError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound(_) => Problem::not_found(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl<E: IntoProblem> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into_problem())
    }
}

impl From<ApiError> for actix_web::Error {
    fn from(ApiError(problem): ApiError) -> Self {
        problem.into()
    }
}
