//! Forgetting sessions that ended by themselves.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ports::SessionRepository;

/// Why ended sessions were not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum PurgeSessionsError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Forgets sessions whose every token has expired.
pub struct PurgeSessions {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
}

impl PurgeSessions {
    /// Wires the use case.
    pub fn new(sessions: Arc<dyn SessionRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { sessions, clock }
    }

    /// Forgets them; answers how many. Harmless to run on several instances at once.
    pub async fn execute(&self) -> Result<u64, PurgeSessionsError> {
        Ok(self.sessions.purge(self.clock.now()).await?)
    }
}
