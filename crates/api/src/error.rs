//! The error type of handlers: converts errors of use cases to problems.

use actix_web::HttpResponse;
use domain::{FindError, RepositoryError};
use http_kit::problem::Problem;

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, ApiError>;

/// Why a call failed. It wraps [`Problem`] because the orphan rule requires a local type: `?` in a handler converts
/// errors of use cases, which are foreign to this crate as [`Problem`] is.
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
