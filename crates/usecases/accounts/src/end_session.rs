//! Ends sessions other than by logging out: one by its id, or all others.

use std::sync::Arc;

use domain::{Principal, RepositoryError, SessionId};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{CloseSession, SecurityLog, SessionRepository};
use crate::security_event::SecurityEvent;

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// The account has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The acting session ended meanwhile.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Ends sessions of the acting user.
pub struct EndSession {
    sessions: Arc<dyn SessionRepository>,
    learn: Arc<LearnEndedSessions>,
    log: Arc<dyn SecurityLog>,
}

impl EndSession {
    pub(crate) fn new(
        sessions: Arc<dyn SessionRepository>,
        learn: Arc<LearnEndedSessions>,
        log: Arc<dyn SecurityLog>,
    ) -> Self {
        Self { sessions, learn, log }
    }

    /// Ends the session `id`, which may be the acting one.
    pub async fn execute(&self, actor: Principal, id: SessionId) -> Result<(), EndSessionError> {
        self.settle(actor, self.sessions.close(actor, id).await?).await
    }

    /// Ends all sessions of the account except the acting one.
    pub async fn execute_on_others(&self, actor: Principal) -> Result<(), EndSessionError> {
        self.settle(actor, self.sessions.close_others(actor).await?).await
    }

    async fn settle(&self, actor: Principal, outcome: CloseSession) -> Result<(), EndSessionError> {
        match outcome {
            CloseSession::Closed => {
                self.log.record(SecurityEvent::SessionEnded, Some(actor.user_id));
                self.learn.at_once().await;
                Ok(())
            }
            CloseSession::NotFound => Err(EndSessionError::NotFound),
            CloseSession::SessionEnded => Err(EndSessionError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{MockEndedSessions, MockSecurityLog, MockSessionRepository};
    use crate::test_support::{id, learning, principal};

    /// The use case with the given repository. With `ends`, it must learn of the end and record it.
    fn end(sessions: MockSessionRepository, ends: bool) -> EndSession {
        let times = usize::from(ends);
        let mut ended = MockEndedSessions::new();
        ended.expect_learn().times(times).returning(|_| Ok(()));
        let mut log = MockSecurityLog::new();
        log.expect_record().with(eq(SecurityEvent::SessionEnded), eq(Some(id(7)))).times(times).return_const(());
        EndSession::new(Arc::new(sessions), learning(ended), Arc::new(log))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn learns_at_once_of_an_end_and_records_it() {
            let mut sessions = MockSessionRepository::new();
            sessions
                .expect_close()
                .withf(|by, closed| *by == principal(7) && *closed == id(9))
                .once()
                .returning(|_, _| Ok(CloseSession::Closed));
            assert!(end(sessions, true).execute(principal(7), id(9)).await.is_ok());
        }

        #[tokio::test]
        async fn learns_at_once_of_the_ends_of_all_others() {
            let mut sessions = MockSessionRepository::new();
            sessions.expect_close_others().with(eq(principal(7))).once().returning(|_| Ok(CloseSession::Closed));
            assert!(end(sessions, true).execute_on_others(principal(7)).await.is_ok());
        }

        #[tokio::test]
        async fn rejects_an_unknown_and_an_ended_session() {
            for (outcome, wanted) in [
                (CloseSession::NotFound, EndSessionError::NotFound),
                (CloseSession::SessionEnded, EndSessionError::SessionEnded),
            ] {
                let mut sessions = MockSessionRepository::new();
                sessions.expect_close().returning(move |_, _| Ok(outcome));
                let error = end(sessions, false).execute(principal(7), id(9)).await.unwrap_err();
                assert_eq!(error.to_string(), wanted.to_string());
            }
        }
    }
}
