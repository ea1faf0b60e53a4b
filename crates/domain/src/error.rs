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
    /// Whether the store could not be reached or gave up for now; the same call may succeed later.
    pub unavailable: bool,
    /// Whether more is asked of the store than it can do in time, and if so, when to ask again. Nothing was done; it is
    /// unavailable then, too.
    pub overloaded: Option<Duration>,
    /// What the store said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl RepositoryError {
    /// A failure that trying again will not mend.
    pub fn new(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, unavailable: false, overloaded: None, source: source.into() }
    }

    /// A store that is out of reach or out of capacity for now.
    pub fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, unavailable: true, overloaded: None, source: source.into() }
    }

    /// The same failure, for one of several callers that share it.
    pub fn shared(operation: &'static str, error: Arc<Self>) -> Self {
        let Self { unavailable, overloaded, .. } = *error;
        Self { operation, unavailable, overloaded, source: Box::new(error) }
    }
}
