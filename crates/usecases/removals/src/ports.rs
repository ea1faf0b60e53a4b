//! The ports of the removals context.

#![warn(missing_docs)]

use async_trait::async_trait;
use domain::{Cuid, RepositoryError};

use crate::Removal;

/// Stores requested removals, and carries them out in slices.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RemovalRepository: Send + Sync {
    /// Pending removals in the order of their ids: those after `after`, at most `most`.
    async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError>;

    /// Removes about `most` rows, and corrects the counters that counted them, in one transaction. A removal without
    /// remaining rows is done, and is forgotten in the same transaction. If the thing is not hidden, nothing is
    /// removed and the removal is forgotten.
    async fn remove_some(&self, removal: Removal, most: u16) -> Result<Progress, RepositoryError>;
}

/// The progress of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More rows are left.
    More,
    /// This removal is done, and the rest of it is the given removal.
    Left(Removal),
    /// Rows are left that could not be removed. Another slice right now would fail too.
    Stuck,
    /// No rows are left, now or before.
    Done,
    /// Another remover holds it; nothing was done.
    Taken,
}
