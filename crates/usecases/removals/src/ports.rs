//! What the removals context needs of the world.

#![warn(missing_docs)]

use async_trait::async_trait;
use domain::{Cuid, RepositoryError};

use crate::Removal;

/// Keeps what is to be removed, and removes it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RemovalRepository: Send + Sync {
    /// Removals that are requested and not done yet, in the order of their ids: those after `after`, and no more than `most`.
    async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError>;

    /// Removes about `most` rows of it, and corrects the counters that counted them, in one transaction. The removal is done
    /// when nothing is left, and then forgotten in the same transaction. What is not hidden is not removed: its removal is
    /// forgotten. Answers how far the removal is.
    async fn remove_some(&self, removal: Removal, most: u16) -> Result<Progress, RepositoryError>;
}

/// How far a removal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to remove.
    More,
    /// This removal is done, and what was left of it is another one.
    Left(Removal),
    /// There is more, but nothing of it could be removed: another slice right now would not do better.
    Stuck,
    /// Nothing is left, now or already.
    Done,
    /// Somebody else is at it right now; nothing was done.
    Taken,
}
