//! What a repository says when its store fails it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A store that could not do what was asked: not an outcome (those are enums of the ports) but a failure.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct RepositoryError {
    /// The port's method, such as `posts.publish`, for the log.
    pub operation: &'static str,
    /// What kind of failure it is.
    pub failure: Failure,
    /// What the store said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// What kind of failure it is, as far as that matters to who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Trying again will not mend it.
    Fault,
    /// The store could not be reached or gave up for now; the same call may succeed later.
    Unavailable,
    /// There is no room left for what is written; the same call may succeed once there is.
    StorageFull,
    /// More is asked of the store than it can do in time. Nothing was done.
    Overloaded {
        /// When to ask again.
        retry_after: Duration,
    },
}

impl RepositoryError {
    /// A failure that trying again will not mend.
    pub fn new(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, failure: Failure::Fault, source: source.into() }
    }

    /// A store that is out of reach or out of capacity for now.
    pub fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::Unavailable, ..Self::new(operation, source) }
    }

    /// A store that has no room left for what is written.
    pub fn storage_full(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::StorageFull, ..Self::new(operation, source) }
    }

    /// A store that has more to do than it can do in time, and did nothing.
    pub fn overloaded(
        operation: &'static str,
        retry_after: Duration,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { failure: Failure::Overloaded { retry_after }, ..Self::new(operation, source) }
    }

    /// The same failure, for one of several callers that share it.
    pub fn shared(operation: &'static str, error: Arc<Self>) -> Self {
        Self { operation, failure: error.failure, source: Box::new(error) }
    }

    /// Whether the same call may succeed later.
    pub fn is_unavailable(&self) -> bool {
        self.failure != Failure::Fault
    }

    /// Whether nothing was done, as there is more to do than can be done in time.
    pub fn is_overload(&self) -> bool {
        matches!(self.failure, Failure::Overloaded { .. })
    }
}

/// Why something that was asked for is not shown.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none. The noun says of what, such as `post`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}
