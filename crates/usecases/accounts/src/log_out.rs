//! Ending a session.

use std::sync::Arc;

use domain::RepositoryError;

use crate::ports::SessionRepository;
use crate::session::SessionId;

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Ends a session.
pub struct LogOut {
    sessions: Arc<dyn SessionRepository>,
}

impl LogOut {
    /// Wires the use case.
    pub fn new(sessions: Arc<dyn SessionRepository>) -> Self {
        Self { sessions }
    }

    /// Ends `session`: its refresh token stops working. Its access token stays good until it expires.
    pub async fn execute(&self, session: SessionId) -> Result<(), LogOutError> {
        Ok(self.sessions.close(session).await?)
    }
}
