//! The error of the handlers: what use cases fail with, as problems.

use actix_web::HttpResponse;
use domain::{FindError, RepositoryError};
use http_kit::problem::Problem;

/// What a handler answers.
pub(crate) type Answer = Result<HttpResponse, ApiError>;

/// Why a call failed. A type of this crate, so that the `?` of a handler converts the errors of use cases, which are
/// foreign to it as [`Problem`] is.
pub(crate) struct ApiError(Problem);

/// An error that has a [`Problem`]. Each context implements it in its `problems.rs`, by an exhaustive match.
pub(crate) trait IntoProblem {
    /// The problem that a client gets.
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
