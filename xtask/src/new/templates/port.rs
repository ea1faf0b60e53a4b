//! The port of <<verbs>>.

use async_trait::async_trait;
use domain::{<<Type>>, Principal, RepositoryError, Timestamp};

/// Stores <<verbs>>.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait <<Verb>>Repository: Send + Sync {
    /// Stores the <<verb>> of `by`. A second <<verb>> changes nothing, its time included.
    async fn add(&self, <<noun>>: <<Argument>>, by: Principal, at: Timestamp) -> Result<Add<<Verb>>, RepositoryError>;

    /// Removes the <<verb>> of `by`. Without a <<verb>>, nothing changes.
    async fn remove(&self, <<noun>>: <<Argument>>, by: Principal) -> Result<Remove<<Verb>>, RepositoryError>;
}

/// The outcome of adding a <<verb>>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Add<<Verb>> {
    /// The <<verb>> is new.
    Added,
    /// The <<verb>> existed; nothing changed.
    Already,
    /// The <<noun>> does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of removing a <<verb>>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remove<<Verb>> {
    /// The <<verb>> was removed.
    Removed,
    /// There was no <<verb>>; nothing changed.
    Nothing,
    /// The <<noun>> does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
