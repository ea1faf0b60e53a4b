//! Logs out.

use std::sync::Arc;

use domain::{Principal, RepositoryError};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{CloseSession, SecurityLog, SessionRepository};
use crate::security_event::SecurityEvent;

/// Ends the acting session.
pub struct LogOut {
    sessions: Arc<dyn SessionRepository>,
    learn: Arc<LearnEndedSessions>,
    log: Arc<dyn SecurityLog>,
}

impl LogOut {
    pub(crate) fn new(
        sessions: Arc<dyn SessionRepository>,
        learn: Arc<LearnEndedSessions>,
        log: Arc<dyn SecurityLog>,
    ) -> Self {
        Self { sessions, learn, log }
    }

    /// Ends the session of `actor`, so its tokens stop working. A session that has ended already is no error.
    pub async fn execute(&self, actor: Principal) -> Result<(), RepositoryError> {
        match self.sessions.close(actor, actor.session_id).await? {
            CloseSession::Closed => self.log.record(SecurityEvent::SessionEnded, Some(actor.user_id)),
            CloseSession::NotFound | CloseSession::SessionEnded => {}
        }
        self.learn.at_once().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{MockEndedSessions, MockSecurityLog, MockSessionRepository};
    use crate::test_support::{id, learning, principal};

    mod execute {
        use super::*;

        #[tokio::test]
        async fn ends_the_acting_session_and_records_it_once() {
            for (outcome, noted) in
                [(CloseSession::Closed, 1), (CloseSession::NotFound, 0), (CloseSession::SessionEnded, 0)]
            {
                let mut sessions = MockSessionRepository::new();
                sessions
                    .expect_close()
                    .with(eq(principal(7)), eq(principal(7).session_id))
                    .once()
                    .returning(move |_, _| Ok(outcome));
                let mut ended = MockEndedSessions::new();
                ended.expect_learn().once().returning(|_| Ok(()));
                let mut log = MockSecurityLog::new();
                log.expect_record()
                    .with(eq(SecurityEvent::SessionEnded), eq(Some(id(7))))
                    .times(noted)
                    .return_const(());

                let log_out = LogOut::new(Arc::new(sessions), learning(ended), Arc::new(log));
                assert!(log_out.execute(principal(7)).await.is_ok());
            }
        }
    }
}
