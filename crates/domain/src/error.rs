//! Failures of a store, as a repository reports them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A store failed to do what was requested. Expected outcomes are enums of the ports; this is a failure.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct RepositoryError {
    /// The port's method, such as `posts.publish`, for the log.
    pub operation: &'static str,
    /// The kind of the failure.
    pub failure: Failure,
    /// The error of the store.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// The kind of a failure, as far as it matters to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A retry would fail again.
    Fault,
    /// The store was out of reach, or cancelled the call; the same call may succeed later.
    Unavailable,
    /// The store has no room left; the same call may succeed once it has.
    StorageFull,
    /// The store is overloaded. Nothing was done.
    Overloaded {
        /// When the caller should retry.
        retry_after: Duration,
    },
}

impl RepositoryError {
    /// A failure that a retry does not cure.
    pub fn new(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, failure: Failure::Fault, source: source.into() }
    }

    /// A store that is temporarily out of reach or out of capacity.
    pub fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::Unavailable, ..Self::new(operation, source) }
    }

    /// A store that has no room left.
    pub fn storage_full(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::StorageFull, ..Self::new(operation, source) }
    }

    /// A store that is overloaded, and did nothing.
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

    /// Whether the store was overloaded, and did nothing.
    pub fn is_overload(&self) -> bool {
        matches!(self.failure, Failure::Overloaded { .. })
    }
}

/// Why a requested thing is not shown.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It does not exist. The value names the thing, such as `post`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}
