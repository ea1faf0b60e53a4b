//! What a repository says when its store fails it.

use std::error::Error;
use std::sync::Arc;

/// A store that could not do what was asked: not an outcome (those are enums of the ports) but a failure.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct RepositoryError {
    /// The port's method, such as `posts.publish`, for the log.
    pub operation: &'static str,
    /// Whether the store could not be reached or gave up for now; the same call may succeed later.
    pub unavailable: bool,
    /// Whether it gave up because there is no room left for what is written. It is unavailable then, too, until there is.
    pub storage_full: bool,
    /// What the store said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl RepositoryError {
    /// A failure that trying again will not mend.
    pub fn new(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, unavailable: false, storage_full: false, source: source.into() }
    }

    /// A store that is out of reach or out of capacity for now.
    pub fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, unavailable: true, storage_full: false, source: source.into() }
    }

    /// A store that has no room left for what is written.
    pub fn storage_full(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, unavailable: true, storage_full: true, source: source.into() }
    }

    /// The same failure, for one of several callers that share it.
    pub fn shared(operation: &'static str, error: Arc<Self>) -> Self {
        let Self { unavailable, storage_full, .. } = *error;
        Self { operation, unavailable, storage_full, source: Box::new(error) }
    }
}
