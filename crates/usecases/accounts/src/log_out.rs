//! Ending a session.

use std::sync::Arc;

use domain::RepositoryError;

use crate::ports::{SecurityLog, SessionRepository};
use crate::security_event::SecurityEvent;
use crate::session::Principal;

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
    log: Arc<dyn SecurityLog>,
}

impl LogOut {
    /// Wires the use case.
    pub fn new(sessions: Arc<dyn SessionRepository>, log: Arc<dyn SecurityLog>) -> Self {
        Self { sessions, log }
    }

    /// Ends the session of `actor`: its refresh token stops working. Its access token stays good until it expires.
    pub async fn execute(&self, actor: Principal) -> Result<(), LogOutError> {
        self.sessions.close(actor.session_id).await?;
        self.log.record(SecurityEvent::SessionEnded, Some(actor.user_id));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{MockSecurityLog, MockSessionRepository};
    use crate::test_support::id;

    mod execute {
        use super::*;

        #[tokio::test]
        async fn ends_the_session_in_use_and_notes_whose_it_was() {
            let mut sessions = MockSessionRepository::new();
            sessions.expect_close().with(eq(id(8))).once().returning(|_| Ok(()));
            let mut log = MockSecurityLog::new();
            log.expect_record().with(eq(SecurityEvent::SessionEnded), eq(Some(id(7)))).once().return_const(());

            let actor = Principal { user_id: id(7), session_id: id(8) };
            LogOut::new(Arc::new(sessions), Arc::new(log)).execute(actor).await.unwrap();
        }
    }
}
