//! Opening a session with a name and a password.

use std::sync::Arc;

use domain::{Clock, IdGenerator, Password, RepositoryError, Session, SessionId, UserAgent, UserRef, Username};

use crate::ports::{
    Credentials, HashingError, OpenSession, PasswordHasher, SessionRepository, SigningError, UserRepository,
};
use crate::session::{SessionIssuer, SignedIn};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// No such account, or not its password; which of the two is not said.
    #[error("the user name or the password is wrong")]
    InvalidCredentials,
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The access token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Opens a session.
pub struct LogIn {
    users: Arc<dyn UserRepository>,
    sessions: Arc<dyn SessionRepository>,
    hasher: Arc<dyn PasswordHasher>,
    issuer: Arc<SessionIssuer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl LogIn {
    /// Wires the use case.
    pub(crate) fn new(
        users: Arc<dyn UserRepository>,
        sessions: Arc<dyn SessionRepository>,
        hasher: Arc<dyn PasswordHasher>,
        issuer: Arc<SessionIssuer>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { users, sessions, hasher, issuer, clock, ids }
    }

    /// Checks the password and opens a session, which remembers what the client calls itself.
    pub async fn execute(
        &self,
        username: Username,
        password: Password,
        user_agent: Option<UserAgent>,
    ) -> Result<SignedIn, LogInError> {
        let known = self.users.find_credentials(&UserRef::Username(username)).await?;
        let hash = known.as_ref().map(|credentials| credentials.password.clone());
        // Verified also when nobody is known, so that the time taken does not tell.
        let matches = self.hasher.verify(&password, hash).await?;
        let Some(credentials) = known.filter(|_| matches) else {
            return Err(LogInError::InvalidCredentials);
        };

        let Credentials { user, password: verified } = credentials;
        let now = self.clock.now();
        let id = SessionId::generate(self.ids.as_ref());
        let session = Session { id, user_id: user.id, created_at: now, user_agent };
        let (token, refresh_token) = self.issuer.refresh_token(now);
        match self.sessions.open(&session, &token, &verified).await? {
            OpenSession::Opened => Ok(self.issuer.sign_in((session.id, now), user, refresh_token, now)?),
            OpenSession::CredentialsMoved => Err(LogInError::InvalidCredentials),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{
        MockAccessTokens, MockPasswordHasher, MockRefreshTokens, MockSessionRepository, MockUserRepository,
        PasswordHash, RefreshTokenHash,
    };
    use crate::test_support::{FixedClock, FixedIds, LIFETIMES, NOW, id, user};

    fn log_in(users: MockUserRepository, sessions: MockSessionRepository, hasher: MockPasswordHasher) -> LogIn {
        let mut access_tokens = MockAccessTokens::new();
        access_tokens
            .expect_sign()
            .withf(|principal, issued, expires| {
                principal.user_id == id(7) && *issued == NOW && *expires == NOW.after(LIFETIMES.access)
            })
            .returning(|_, _, _| Ok("access".to_owned()));
        let mut refresh_tokens = MockRefreshTokens::new();
        refresh_tokens.expect_generate().returning(|| ("refresh".to_owned(), RefreshTokenHash([9; 32])));
        let issuer = SessionIssuer {
            access_tokens: Arc::new(access_tokens),
            refresh_tokens: Arc::new(refresh_tokens),
            lifetimes: LIFETIMES,
        };
        LogIn::new(
            Arc::new(users),
            Arc::new(sessions),
            Arc::new(hasher),
            Arc::new(issuer),
            Arc::new(FixedClock),
            Arc::new(FixedIds),
        )
    }

    fn credentials() -> Credentials {
        Credentials { user: user(7), password: PasswordHash("hash".to_owned()) }
    }

    async fn attempt(log_in: LogIn) -> Result<SignedIn, LogInError> {
        let (username, password) = (Username::parse("ada").unwrap(), Password::parse("correct horse").unwrap());
        log_in.execute(username, password, UserAgent::clean("tablet")).await
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_only_the_hash_of_the_refresh_token() {
            let mut users = MockUserRepository::new();
            users.expect_find_credentials().returning(|_| Ok(Some(credentials())));
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(true));
            let mut sessions = MockSessionRepository::new();
            sessions
                .expect_open()
                .withf(|session, token, verified| {
                    session.user_id == id(7)
                        && session.user_agent == UserAgent::clean("tablet")
                        && *verified == credentials().password
                        && token.hash == RefreshTokenHash([9; 32])
                        && token.expires_at == NOW.after(LIFETIMES.refresh)
                })
                .once()
                .returning(|_, _, _| Ok(OpenSession::Opened));

            let signed_in = attempt(log_in(users, sessions, hasher)).await.unwrap();

            assert_eq!((signed_in.access_token.as_str(), signed_in.refresh_token.as_str()), ("access", "refresh"));
        }

        #[tokio::test]
        async fn does_the_work_of_hashing_for_an_unknown_user_too() {
            let mut users = MockUserRepository::new();
            users.expect_find_credentials().returning(|_| Ok(None));
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().withf(|_, hash| hash.is_none()).once().returning(|_, _| Ok(false));

            let result = attempt(log_in(users, MockSessionRepository::new(), hasher)).await;

            assert!(matches!(result, Err(LogInError::InvalidCredentials)));
        }

        #[tokio::test]
        async fn rejects_a_wrong_password_and_opens_no_session() {
            let mut users = MockUserRepository::new();
            users.expect_find_credentials().returning(|_| Ok(Some(credentials())));
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(false));

            let result = attempt(log_in(users, MockSessionRepository::new(), hasher)).await;

            assert!(matches!(result, Err(LogInError::InvalidCredentials)));
        }
    }
}
