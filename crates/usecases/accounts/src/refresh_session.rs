//! Exchanging a refresh token for the next pair of tokens.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ports::{RefreshTokens, RotateSession, SecurityLog, SessionRepository, SigningError};
use crate::security_event::SecurityEvent;
use crate::session::{SessionIssuer, SignedIn};

/// Why a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshSessionError {
    /// The token is unknown, expired, used before or its session ended; the client has to log in again.
    #[error("the refresh token is not good any more")]
    InvalidToken,
    /// The access token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Exchanges a refresh token.
pub struct RefreshSession {
    sessions: Arc<dyn SessionRepository>,
    refresh_tokens: Arc<dyn RefreshTokens>,
    issuer: Arc<SessionIssuer>,
    log: Arc<dyn SecurityLog>,
    clock: Arc<dyn Clock>,
}

impl RefreshSession {
    /// Wires the use case.
    pub(crate) fn new(
        sessions: Arc<dyn SessionRepository>,
        refresh_tokens: Arc<dyn RefreshTokens>,
        issuer: Arc<SessionIssuer>,
        log: Arc<dyn SecurityLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { sessions, refresh_tokens, issuer, log, clock }
    }

    /// Uses `token` up and answers its successor. A token that comes a second time ends its session.
    pub async fn execute(&self, token: &str) -> Result<SignedIn, RefreshSessionError> {
        let now = self.clock.now();
        let (next, refresh_token) = self.issuer.refresh_token(now);
        let presented = self.refresh_tokens.hash(token);
        match self.sessions.rotate(&presented, &next, now).await? {
            RotateSession::Rotated { session, user } => Ok(self.issuer.sign_in(session, user, refresh_token, now)?),
            RotateSession::Replayed { user } => {
                self.log.record(SecurityEvent::RefreshReplayed, Some(user));
                Err(RefreshSessionError::InvalidToken)
            }
            RotateSession::Unknown | RotateSession::Expired => Err(RefreshSessionError::InvalidToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use mockall::predicate::eq;

    use crate::ports::{MockAccessTokens, MockRefreshTokens, MockSecurityLog, MockSessionRepository, RefreshTokenHash};
    use crate::session::SessionLifetimes;
    use crate::test_support::{FixedClock, NOW, id, user};

    const LIFETIMES: SessionLifetimes =
        SessionLifetimes { access: Duration::from_mins(15), refresh: Duration::from_hours(1) };

    fn refresh(outcome: RotateSession, log: MockSecurityLog) -> RefreshSession {
        let mut tokens = MockRefreshTokens::new();
        tokens.expect_hash().withf(|token| token == "old").returning(|_| RefreshTokenHash([1; 32]));
        let mut generator = MockRefreshTokens::new();
        generator.expect_generate().returning(|| ("new".to_owned(), RefreshTokenHash([2; 32])));
        let mut access_tokens = MockAccessTokens::new();
        access_tokens.expect_sign().returning(|_, _, _| Ok("access".to_owned()));
        let mut sessions = MockSessionRepository::new();
        sessions
            .expect_rotate()
            .withf(|presented, next, now| {
                presented.0 == [1; 32] && next.hash.0 == [2; 32] && next.created_at == NOW && *now == NOW
            })
            .once()
            .return_once(move |_, _, _| Ok(outcome));
        let issuer = SessionIssuer {
            access_tokens: Arc::new(access_tokens),
            refresh_tokens: Arc::new(generator),
            lifetimes: LIFETIMES,
        };
        RefreshSession::new(Arc::new(sessions), Arc::new(tokens), Arc::new(issuer), Arc::new(log), Arc::new(FixedClock))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn answers_the_successor_in_the_same_session() {
            let rotated = RotateSession::Rotated { session: id(8), user: user(7) };

            let signed_in = refresh(rotated, MockSecurityLog::new()).execute("old").await.unwrap();

            assert_eq!((signed_in.refresh_token.as_str(), signed_in.user.id), ("new", id(7)));
        }

        #[tokio::test]
        async fn rejects_every_other_outcome_alike_and_notes_a_replay() {
            for outcome in [RotateSession::Unknown, RotateSession::Expired, RotateSession::Replayed { user: id(7) }] {
                let said = format!("{outcome:?}");
                let mut log = MockSecurityLog::new();
                log.expect_record()
                    .with(eq(SecurityEvent::RefreshReplayed), eq(Some(id(7))))
                    .times(usize::from(matches!(outcome, RotateSession::Replayed { .. })))
                    .return_const(());
                let result = refresh(outcome, log).execute("old").await;
                assert!(matches!(result, Err(RefreshSessionError::InvalidToken)), "{said}");
            }
        }
    }
}
