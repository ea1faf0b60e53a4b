//! Logs in with a user name and a password.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, IdGenerator, Password, RepositoryError, Session, SessionId, UserAgent, UserId, Username};

use crate::guessing::{ClientNetwork, Guesser};
use crate::password_check::{PasswordCheck, PasswordCheckError, bound_to_hash};
use crate::ports::{
    Credentials, HashingError, OpenSession, PasswordHash, Proof, RenewHash, SessionRepository, SigningError,
};
use crate::security_event::SecurityEvent;
use crate::session::{SessionIssuer, SignedIn};

/// Why a log-in failed.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The account does not exist, or the password is wrong. The client is not told which.
    #[error("the user name or the password is wrong")]
    InvalidCredentials,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyGuesses {
        /// When the next guess is allowed.
        retry_after: Duration,
    },
    /// The password could not be verified.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The access token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl From<PasswordCheckError> for LogInError {
    fn from(error: PasswordCheckError) -> Self {
        match error {
            PasswordCheckError::Wrong => Self::InvalidCredentials,
            PasswordCheckError::TooManyGuesses { retry_after } => Self::TooManyGuesses { retry_after },
            PasswordCheckError::Hashing(error) => error.into(),
            PasswordCheckError::Repository(error) => error.into(),
        }
    }
}

/// Logs in.
pub struct LogIn {
    passwords: Arc<PasswordCheck>,
    sessions: Arc<dyn SessionRepository>,
    issuer: Arc<SessionIssuer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl LogIn {
    /// Creates the use case.
    pub(crate) fn new(
        passwords: Arc<PasswordCheck>,
        sessions: Arc<dyn SessionRepository>,
        issuer: Arc<SessionIssuer>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { passwords, sessions, issuer, clock, ids }
    }

    /// Verifies the password, and opens a session that stores the client's user agent. Renews a hash whose cost is
    /// outdated.
    pub async fn execute(
        &self,
        username: Username,
        password: Password,
        from: ClientNetwork,
        user_agent: Option<UserAgent>,
    ) -> Result<SignedIn, LogInError> {
        bound_to_hash(async || self.open(&username, &password, from, user_agent.clone()).await).await
    }

    /// Returns `None` if the account no longer has the hash that was verified.
    async fn open(
        &self,
        username: &Username,
        password: &Password,
        from: ClientNetwork,
        user_agent: Option<UserAgent>,
    ) -> Result<Option<SignedIn>, LogInError> {
        let guesser = Guesser::Network(from);
        let Credentials { user, password: verified } =
            self.passwords.by_name(username.clone(), password, guesser).await?;
        let now = self.clock.now();
        let id = SessionId::generate(self.ids.as_ref());
        let session = Session { id, user_id: user.id, created_at: now, user_agent };
        let (token, refresh_token) = self.issuer.refresh_token(now);
        match self.sessions.open(&session, &token, &Proof::Password(verified.clone())).await? {
            OpenSession::ProofMoved => Ok(None),
            OpenSession::Opened => {
                if !self.passwords.hasher.is_current(&verified) {
                    self.renew(user.id, password, &verified).await;
                }
                Ok(Some(self.issuer.sign_in((session.id, now), user, refresh_token, now)?))
            }
        }
    }

    /// Renews the hash while the password is available. A failure does not fail the log-in.
    async fn renew(&self, user: UserId, password: &Password, verified: &PasswordHash) {
        let event = match self.try_renew(user, password, verified).await {
            Ok(RenewHash::Renewed) => SecurityEvent::HashRenewed,
            // A concurrent log-in renewed the hash, or the password was changed.
            Ok(RenewHash::HashMoved) => return,
            Err(_) => SecurityEvent::HashNotRenewed,
        };
        self.passwords.log.record(event, Some(user));
    }

    async fn try_renew(
        &self,
        user: UserId,
        password: &Password,
        verified: &PasswordHash,
    ) -> Result<RenewHash, LogInError> {
        let renewed = self.passwords.hasher.hash(password).await?;
        Ok(self.passwords.users.renew_hash(user, verified, &renewed).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{
        MockAccessTokens, MockPasswordHasher, MockRefreshTokens, MockSecurityLog, MockSessionRepository,
        MockUserRepository, RefreshTokenHash,
    };
    use crate::test_support::{FixedClock, FixedIds, LIFETIMES, NOW, id, password_check, user};

    /// The dependencies of a log-in.
    struct World {
        users: MockUserRepository,
        sessions: MockSessionRepository,
        hasher: MockPasswordHasher,
        log: MockSecurityLog,
    }

    impl World {
        /// Ada's account exists, and her password is right or wrong.
        fn known(matches: bool) -> Self {
            let mut world = Self {
                users: MockUserRepository::new(),
                sessions: MockSessionRepository::new(),
                hasher: MockPasswordHasher::new(),
                log: MockSecurityLog::new(),
            };
            world.users.expect_find_credentials().returning(|_| Ok(Some(credentials())));
            world.hasher.expect_verify().returning(move |_, _| Ok(matches));
            world
        }

        /// Whether the hash has the current cost; if not, it is renewed as `"renewed"`.
        fn hashes_are_current(mut self, are: bool) -> Self {
            self.hasher.expect_is_current().withf(|hash| *hash == credentials().password).return_const(are);
            self
        }

        fn notes(mut self, event: SecurityEvent, whose: Option<UserId>) -> Self {
            self.log.expect_record().with(eq(event), eq(whose)).once().return_const(());
            self
        }

        async fn log_in(self) -> Result<SignedIn, LogInError> {
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
            let log_in = LogIn::new(
                password_check(self.users, self.hasher, self.log),
                Arc::new(self.sessions),
                Arc::new(issuer),
                Arc::new(FixedClock),
                Arc::new(FixedIds),
            );
            let from = ClientNetwork(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let (username, password) = (Username::parse("ada").unwrap(), Password::parse("correct horse").unwrap());
            log_in.execute(username, password, from, UserAgent::clean("tablet")).await
        }
    }

    fn credentials() -> Credentials {
        Credentials { user: user(7), password: PasswordHash("hash".to_owned()) }
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_only_the_hash_of_the_refresh_token() {
            let mut world = World::known(true).hashes_are_current(true);
            world
                .sessions
                .expect_open()
                .withf(|session, token, verified| {
                    session.user_id == id(7)
                        && session.user_agent == UserAgent::clean("tablet")
                        && *verified == Proof::Password(credentials().password)
                        && token.hash == RefreshTokenHash([9; 32])
                        && token.expires_at == NOW.after(LIFETIMES.refresh)
                })
                .once()
                .returning(|_, _, _| Ok(OpenSession::Opened));

            let signed_in = world.log_in().await.unwrap();

            assert_eq!((signed_in.access_token.as_str(), signed_in.refresh_token.as_str()), ("access", "refresh"));
        }

        #[tokio::test]
        async fn hashes_for_an_unknown_user_too() {
            let mut world = World::known(false).notes(SecurityEvent::LogInFailed, None);
            world.users = MockUserRepository::new();
            world.users.expect_find_credentials().returning(|_| Ok(None));
            world.hasher = MockPasswordHasher::new();
            world.hasher.expect_verify().withf(|_, hash| hash.is_none()).once().returning(|_, _| Ok(false));

            assert!(matches!(world.log_in().await, Err(LogInError::InvalidCredentials)));
        }

        #[tokio::test]
        async fn rejects_a_wrong_password_and_opens_no_session() {
            let world = World::known(false).notes(SecurityEvent::LogInFailed, Some(id(7)));
            assert!(matches!(world.log_in().await, Err(LogInError::InvalidCredentials)));
        }

        #[tokio::test]
        async fn renews_an_outdated_hash_after_opening_the_session() {
            let mut world = World::known(true).hashes_are_current(false).notes(SecurityEvent::HashRenewed, Some(id(7)));
            world.sessions.expect_open().once().returning(|_, _, _| Ok(OpenSession::Opened));
            world.hasher.expect_hash().once().returning(|_| Ok(PasswordHash("renewed".to_owned())));
            world
                .users
                .expect_renew_hash()
                .withf(|user, verified, renewed| {
                    *user == id(7) && *verified == credentials().password && renewed.0 == "renewed"
                })
                .once()
                .returning(|_, _, _| Ok(RenewHash::Renewed));

            assert!(world.log_in().await.is_ok());
        }

        #[tokio::test]
        async fn signs_in_although_the_hash_cannot_be_renewed() {
            let mut world =
                World::known(true).hashes_are_current(false).notes(SecurityEvent::HashNotRenewed, Some(id(7)));
            world.sessions.expect_open().once().returning(|_, _, _| Ok(OpenSession::Opened));
            let overloaded = || HashingError::Overloaded { retry_after: Duration::from_secs(1) };
            world.hasher.expect_hash().once().returning(move |_| Err(overloaded()));

            assert!(world.log_in().await.is_ok());
        }

        #[tokio::test]
        async fn retries_once_when_the_hash_was_renewed_meanwhile() {
            let mut world = World::known(true).hashes_are_current(true);
            let mut outcomes = [OpenSession::ProofMoved, OpenSession::Opened].into_iter();
            world.sessions.expect_open().times(2).returning(move |_, _, _| Ok(outcomes.next().unwrap()));

            assert!(world.log_in().await.is_ok());
        }

        #[tokio::test]
        async fn opens_no_session_for_a_password_that_keeps_changing() {
            let mut world = World::known(true);
            world.sessions.expect_open().times(2).returning(|_, _, _| Ok(OpenSession::ProofMoved));

            assert!(matches!(world.log_in().await, Err(LogInError::InvalidCredentials)));
        }
    }
}
