//! Exchanges a refresh token for new tokens.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{RefreshTokens, RotateSession, SecurityLog, SessionRepository, SigningError};
use crate::rotation::Rotation;
use crate::security_event::SecurityEvent;
use crate::session::{SessionIssuer, SignedIn};

/// Why a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshSessionError {
    /// The token is unknown, expired or already used, or its session has ended. The client must log in again.
    #[error("the refresh token is no longer valid")]
    InvalidToken,
    /// The access token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Exchanges a refresh token.
pub struct RefreshSession {
    sessions: Arc<dyn SessionRepository>,
    refresh_tokens: Arc<dyn RefreshTokens>,
    issuer: Arc<SessionIssuer>,
    learn: Arc<LearnEndedSessions>,
    log: Arc<dyn SecurityLog>,
    clock: Arc<dyn Clock>,
}

impl RefreshSession {
    /// Creates the use case.
    pub(crate) fn new(
        sessions: Arc<dyn SessionRepository>,
        refresh_tokens: Arc<dyn RefreshTokens>,
        issuer: Arc<SessionIssuer>,
        learn: Arc<LearnEndedSessions>,
        log: Arc<dyn SecurityLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { sessions, refresh_tokens, issuer, learn, log, clock }
    }

    /// Exchanges `token` for a successor. A token that was used before, and is presented too late or after its
    /// successor was used, ends its session.
    pub async fn execute(&self, token: &str) -> Result<SignedIn, RefreshSessionError> {
        let now = self.clock.now();
        let (next, refresh_token) = self.issuer.refresh_token(now);
        let rotation = Rotation {
            presented: self.refresh_tokens.hash(token),
            next,
            now,
            grace: self.issuer.lifetimes.grace,
            session_ttl: self.issuer.lifetimes.session,
        };
        match self.sessions.rotate(&rotation).await? {
            RotateSession::Rotated { session, opened_at, user } => {
                Ok(self.issuer.sign_in((session, opened_at), user, refresh_token, now)?)
            }
            RotateSession::Replayed { user } => {
                self.log.record(SecurityEvent::RefreshReplayed, Some(user));
                self.learn.at_once().await;
                Err(RefreshSessionError::InvalidToken)
            }
            RotateSession::SessionExpired => {
                self.learn.at_once().await;
                Err(RefreshSessionError::InvalidToken)
            }
            RotateSession::Unknown | RotateSession::Expired => Err(RefreshSessionError::InvalidToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{
        MockAccessTokens, MockEndedSessions, MockRefreshTokens, MockSecurityLog, MockSessionRepository,
        RefreshTokenHash,
    };
    use crate::test_support::{FixedClock, LIFETIMES, NOW, id, learning, user};

    /// The use case over a rotation with this outcome. With `ends`, it must learn of the end of the session.
    fn refresh(outcome: RotateSession, ends: bool) -> RefreshSession {
        let mut log = MockSecurityLog::new();
        log.expect_record()
            .with(eq(SecurityEvent::RefreshReplayed), eq(Some(id(7))))
            .times(usize::from(matches!(outcome, RotateSession::Replayed { .. })))
            .return_const(());
        let mut tokens = MockRefreshTokens::new();
        tokens.expect_hash().withf(|token| token == "old").returning(|_| RefreshTokenHash([1; 32]));
        let mut generator = MockRefreshTokens::new();
        generator.expect_generate().returning(|| ("new".to_owned(), RefreshTokenHash([2; 32])));
        let mut access_tokens = MockAccessTokens::new();
        access_tokens.expect_sign().returning(|_, _, _| Ok("access".to_owned()));
        let mut sessions = MockSessionRepository::new();
        sessions
            .expect_rotate()
            .withf(|rotation| {
                (rotation.presented.0, rotation.next.hash.0) == ([1; 32], [2; 32])
                    && (rotation.now, rotation.next.created_at) == (NOW, NOW)
                    && (rotation.grace, rotation.session_ttl) == (LIFETIMES.grace, LIFETIMES.session)
            })
            .once()
            .return_once(move |_| Ok(outcome));
        let mut ended = MockEndedSessions::new();
        ended.expect_learn().times(usize::from(ends)).returning(|_| Ok(()));
        let issuer = SessionIssuer {
            access_tokens: Arc::new(access_tokens),
            refresh_tokens: Arc::new(generator),
            lifetimes: LIFETIMES,
        };
        RefreshSession::new(
            Arc::new(sessions),
            Arc::new(tokens),
            Arc::new(issuer),
            learning(ended),
            Arc::new(log),
            Arc::new(FixedClock),
        )
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn returns_the_successor_in_the_same_session() {
            let rotated = RotateSession::Rotated { session: id(8), opened_at: NOW, user: user(7) };

            let signed_in = refresh(rotated, false).execute("old").await.unwrap();

            assert_eq!((signed_in.refresh_token.as_str(), signed_in.user.id), ("new", id(7)));
            assert_eq!(signed_in.expires_in, LIFETIMES.access);
        }

        #[tokio::test]
        async fn signs_for_no_longer_than_the_session_lasts() {
            let minute = Duration::from_mins(1);
            let opened_at = NOW.before(LIFETIMES.session).after(minute);
            let rotated = RotateSession::Rotated { session: id(8), opened_at, user: user(7) };

            let signed_in = refresh(rotated, false).execute("old").await.unwrap();

            assert_eq!(signed_in.expires_in, minute);
        }

        #[tokio::test]
        async fn rejects_every_other_outcome_alike_and_records_a_replay() {
            let outcomes = [
                (RotateSession::Unknown, false),
                (RotateSession::Expired, false),
                (RotateSession::SessionExpired, true),
                (RotateSession::Replayed { user: id(7) }, true),
            ];
            for (outcome, ends) in outcomes {
                let said = format!("{outcome:?}");
                let result = refresh(outcome, ends).execute("old").await;
                assert!(matches!(result, Err(RefreshSessionError::InvalidToken)), "{said}");
            }
        }
    }
}
