//! Forgetting names that were kept back long enough.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ports::KeptNameRepository;

/// Why names were not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum PurgeKeptNamesError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Forgets names that are free again.
pub struct PurgeKeptNames {
    names: Arc<dyn KeptNameRepository>,
    clock: Arc<dyn Clock>,
}

impl PurgeKeptNames {
    /// Wires the use case.
    pub fn new(names: Arc<dyn KeptNameRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { names, clock }
    }

    /// Forgets them; answers how many. Harmless to run on several instances at once.
    pub async fn execute(&self) -> Result<u64, PurgeKeptNamesError> {
        Ok(self.names.purge(self.clock.now()).await?)
    }
}
