//! Verifies passwords within a budget of guesses, and records every wrong one.
//!
//! Called by every use case that needs a password.
//!
//! Invariants:
//! - A guess is taken before the password is hashed, which is the expensive part.
//! - Only a wrong password stays counted; every other outcome returns the guess.
//! - An account that does not exist takes the same time and the same budgets.
//!
//! On overload a password is usually rejected before a guess is taken and the account is read.

use std::sync::Arc;
use std::time::Duration;

use domain::{Password, RepositoryError, UserId, UserRef, Username};

use crate::guessing::{Guess, GuessBounds, Guesser};
use crate::ports::{
    Credentials, GuessLimiter, HashingError, PasswordHasher, SecurityLog, TakeGuess, TakenGuess, UserRepository,
};
use crate::security_event::SecurityEvent;

/// Verifies passwords, for every use case that needs one.
pub(crate) struct PasswordCheck {
    pub(crate) users: Arc<dyn UserRepository>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) guesses: Arc<dyn GuessLimiter>,
    pub(crate) log: Arc<dyn SecurityLog>,
}

/// Why a password was not verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordCheckError {
    #[error("there is no such account, or the password is wrong")]
    Wrong,
    #[error("too many wrong passwords were tried")]
    TooManyGuesses { retry_after: Duration },
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Runs a write that is bound to the hash that was verified. `attempt` verifies and writes; it returns `None` if the
/// account has another hash by then. A concurrent log-in may have renewed the hash, so the attempt is repeated once
/// with the current hash.
pub(crate) async fn bound_to_hash<T, E>(attempt: impl AsyncFn() -> Result<Option<T>, E>) -> Result<T, E>
where
    E: From<PasswordCheckError>,
{
    for _ in 0..2 {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(PasswordCheckError::Wrong.into())
}

impl PasswordCheck {
    /// The credentials of `name`, if `password` belongs to it. An account that does not exist takes the same time and
    /// the same budgets.
    pub(crate) async fn by_name(
        &self,
        name: Username,
        password: &Password,
        guesser: Guesser,
    ) -> Result<Credentials, PasswordCheckError> {
        self.hasher.check_room()?;
        let taken = self.take(Guess { account: name.clone(), guesser }, None).await?;
        let known = match self.users.find_credentials(&UserRef::Username(name)).await {
            Ok(known) => known,
            Err(error) => {
                self.give_back(taken).await;
                return Err(error.into());
            }
        };
        self.verify(taken, password, known, SecurityEvent::LogInFailed).await
    }

    /// The credentials of the signed-in `user`, if `password` belongs to them; `None` if the account was erased.
    pub(crate) async fn of_signed_in(
        &self,
        user: UserId,
        password: &Password,
        guesser: Guesser,
    ) -> Result<Option<Credentials>, PasswordCheckError> {
        self.hasher.check_room()?;
        let Some(credentials) = self.users.find_credentials(&UserRef::Id(user)).await? else {
            return Ok(None);
        };
        let guess = Guess { account: credentials.user.username.clone(), guesser };
        let taken = self.take(guess, Some(user)).await?;
        self.verify(taken, password, Some(credentials), SecurityEvent::WrongPassword).await.map(Some)
    }

    /// Taken before the password is hashed, which is the expensive part.
    async fn take(&self, guess: Guess, user: Option<UserId>) -> Result<TakenGuess, PasswordCheckError> {
        match self.guesses.take(guess, &GuessBounds::STANDARD).await {
            TakeGuess::Granted(taken) => Ok(taken),
            TakeGuess::Refused { retry_after } => {
                self.log.record(SecurityEvent::GuessRefused, user);
                Err(PasswordCheckError::TooManyGuesses { retry_after })
            }
        }
    }

    async fn give_back(&self, taken: TakenGuess) {
        self.guesses.give_back(taken, &GuessBounds::STANDARD).await;
    }

    /// Only a wrong password counts as a guess: every other outcome returns the guess.
    async fn verify(
        &self,
        taken: TakenGuess,
        password: &Password,
        known: Option<Credentials>,
        wrong: SecurityEvent,
    ) -> Result<Credentials, PasswordCheckError> {
        let hash = known.as_ref().map(|credentials| credentials.password.clone());
        // Hashed also for an unknown account, so the time does not reveal that it is unknown.
        let matches = match self.hasher.verify(password, hash).await {
            Ok(matches) => matches,
            Err(error) => {
                self.give_back(taken).await;
                return Err(error.into());
            }
        };
        match known {
            Some(credentials) if matches => {
                self.give_back(taken).await;
                Ok(credentials)
            }
            known => {
                self.log.record(wrong, known.map(|credentials| credentials.user.id));
                Err(PasswordCheckError::Wrong)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::guessing::ClientNetwork;
    use crate::ports::{MockGuessLimiter, MockPasswordHasher, MockSecurityLog, MockUserRepository, PasswordHash};
    use crate::test_support::{id, user};

    const NETWORK: Guesser = Guesser::Network(ClientNetwork(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));

    fn guess() -> Guess {
        Guess { account: Username::parse("ada").unwrap(), guesser: NETWORK }
    }

    fn credentials() -> Credentials {
        Credentials { user: user(7), password: PasswordHash("hash".to_owned()) }
    }

    fn knows(known: Option<Credentials>) -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_find_credentials().returning(move |_| Ok(known.clone()));
        users
    }

    fn says(verified: fn() -> Result<bool, HashingError>) -> MockPasswordHasher {
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify().returning(move |_, _| verified());
        hasher
    }

    /// A limiter that allows every guess, and expects that `given_back` guesses are returned as they were taken.
    fn grants(given_back: usize) -> MockGuessLimiter {
        let taken = TakenGuess { guess: guess(), is_strict: true, is_shared: false };
        let mut guesses = MockGuessLimiter::new();
        let granted = TakeGuess::Granted(taken.clone());
        guesses.expect_take().withf(|its, _| *its == guess()).once().returning(move |_, _| granted.clone());
        guesses.expect_give_back().withf(move |its, _| *its == taken).times(given_back).returning(|_, _| ());
        guesses
    }

    fn notes(events: &[(SecurityEvent, Option<UserId>)]) -> MockSecurityLog {
        let mut log = MockSecurityLog::new();
        for (event, user) in events {
            log.expect_record().with(eq(*event), eq(*user)).once().return_const(());
        }
        log
    }

    async fn by_name(
        users: MockUserRepository,
        mut hasher: MockPasswordHasher,
        guesses: MockGuessLimiter,
        log: MockSecurityLog,
    ) -> Result<Credentials, PasswordCheckError> {
        hasher.expect_check_room().returning(|| Ok(()));
        let check = PasswordCheck {
            users: Arc::new(users),
            hasher: Arc::new(hasher),
            guesses: Arc::new(guesses),
            log: Arc::new(log),
        };
        check.by_name(guess().account, &Password::parse("correct horse").unwrap(), NETWORK).await
    }

    /// A check whose hasher has no room, and whose other dependencies fail when they are called.
    fn without_room() -> PasswordCheck {
        let mut hasher = MockPasswordHasher::new();
        let retry_after = Duration::from_secs(1);
        hasher.expect_check_room().returning(move || Err(HashingError::Overloaded { retry_after }));
        PasswordCheck {
            users: Arc::new(MockUserRepository::new()),
            hasher: Arc::new(hasher),
            guesses: Arc::new(MockGuessLimiter::new()),
            log: Arc::new(MockSecurityLog::new()),
        }
    }

    #[tokio::test]
    async fn an_overload_is_rejected_before_a_guess_is_taken() {
        let (check, password) = (without_room(), Password::parse("correct horse").unwrap());
        let by_name = check.by_name(guess().account, &password, NETWORK).await.map(Some);
        let of_signed_in = check.of_signed_in(id(7), &password, NETWORK).await;
        for result in [by_name, of_signed_in] {
            assert!(matches!(result, Err(PasswordCheckError::Hashing(HashingError::Overloaded { .. }))));
        }
    }

    mod by_name {
        use super::*;

        #[tokio::test]
        async fn a_right_password_returns_its_guess() {
            let found = super::by_name(knows(Some(credentials())), says(|| Ok(true)), grants(1), notes(&[])).await;
            assert_eq!(found.unwrap(), credentials());
        }

        #[tokio::test]
        async fn a_wrong_password_is_recorded_and_stays_counted() {
            for (known, noted) in [(Some(credentials()), Some(id(7))), (None, None)] {
                let log = notes(&[(SecurityEvent::LogInFailed, noted)]);
                let result = super::by_name(knows(known), says(|| Ok(false)), grants(0), log).await;
                assert!(matches!(result, Err(PasswordCheckError::Wrong)));
            }
        }

        #[tokio::test]
        async fn a_failed_check_returns_its_guess() {
            let overloaded = || Err(HashingError::Overloaded { retry_after: Duration::from_secs(1) });
            let result = super::by_name(knows(Some(credentials())), says(overloaded), grants(1), notes(&[])).await;
            assert!(matches!(result, Err(PasswordCheckError::Hashing(_))));

            let mut lost = MockUserRepository::new();
            lost.expect_find_credentials().returning(|_| Err(RepositoryError::unavailable("test", "lost")));
            let result = super::by_name(lost, MockPasswordHasher::new(), grants(1), notes(&[])).await;
            assert!(matches!(result, Err(PasswordCheckError::Repository(_))));
        }

        #[tokio::test]
        async fn a_rejected_guess_is_neither_looked_up_nor_hashed() {
            let mut guesses = MockGuessLimiter::new();
            let retry_after = Duration::from_mins(1);
            guesses.expect_take().once().returning(move |_, _| TakeGuess::Refused { retry_after });
            let log = notes(&[(SecurityEvent::GuessRefused, None)]);

            let result = super::by_name(MockUserRepository::new(), MockPasswordHasher::new(), guesses, log).await;

            assert!(
                matches!(result, Err(PasswordCheckError::TooManyGuesses { retry_after: told }) if told == retry_after)
            );
        }
    }
}
