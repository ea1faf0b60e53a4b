//! Forgetting names that were kept back long enough.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ports::KeptNameRepository;

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
    pub async fn execute(&self) -> Result<u64, RepositoryError> {
        self.names.purge(self.clock.now()).await
    }
}
