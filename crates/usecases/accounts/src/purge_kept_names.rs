//! Purges the reserved names of erased accounts.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ports::KeptNameRepository;

/// Purges names that are free again.
pub struct PurgeKeptNames {
    names: Arc<dyn KeptNameRepository>,
    clock: Arc<dyn Clock>,
}

impl PurgeKeptNames {
    /// Creates the use case.
    pub fn new(names: Arc<dyn KeptNameRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { names, clock }
    }

    /// Purges them, and returns how many. Safe to run on several instances at once.
    pub async fn execute(&self) -> Result<u64, RepositoryError> {
        self.names.purge(self.clock.now()).await
    }
}
