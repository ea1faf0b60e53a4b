//! Ending a session.

use std::sync::Arc;

use domain::{Principal, RepositoryError};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{CloseSession, SessionRepository};

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Ends the session in use.
pub struct LogOut {
    sessions: Arc<dyn SessionRepository>,
    learn: Arc<LearnEndedSessions>,
}

impl LogOut {
    pub(crate) fn new(sessions: Arc<dyn SessionRepository>, learn: Arc<LearnEndedSessions>) -> Self {
        Self { sessions, learn }
    }

    /// Ends the session of `actor`: its tokens stop working. One that has ended already is no error.
    pub async fn execute(&self, actor: Principal) -> Result<(), LogOutError> {
        match self.sessions.close(actor, actor.session_id).await? {
            CloseSession::Closed | CloseSession::NotFound | CloseSession::SessionEnded => {
                self.learn.at_once().await;
                Ok(())
            }
        }
    }
}
