//! Erases the acting user's account.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Password, Principal, RepositoryError};

use crate::ended_sessions::LearnEndedSessions;
use crate::guessing::Guesser;
use crate::password_check::{PasswordCheck, PasswordCheckError, bound_to_hash};
use crate::ports::{AccountRemover, Credentials, EraseUser, HashingError, KeptName, NameHasher};
use crate::security_event::SecurityEvent;

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseAccountError {
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    /// The password is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyGuesses {
        /// When the next guess is allowed.
        retry_after: Duration,
    },
    /// The password could not be verified.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl From<PasswordCheckError> for EraseAccountError {
    fn from(error: PasswordCheckError) -> Self {
        match error {
            PasswordCheckError::Wrong => Self::WrongPassword,
            PasswordCheckError::TooManyGuesses { retry_after } => Self::TooManyGuesses { retry_after },
            PasswordCheckError::Hashing(error) => error.into(),
            PasswordCheckError::Repository(error) => error.into(),
        }
    }
}

/// How long the name of an erased account is reserved. As long as the lifetime of a refresh token, and long enough
/// for readers not to mistake a new owner for the old one.
pub const NAME_KEPT_FOR: Duration = Duration::from_hours(24 * 30);

/// Erases the acting user's account with all its content.
pub struct EraseAccount {
    passwords: Arc<PasswordCheck>,
    names: Arc<dyn NameHasher>,
    remover: Arc<dyn AccountRemover>,
    learn: Arc<LearnEndedSessions>,
    clock: Arc<dyn Clock>,
}

impl EraseAccount {
    /// Creates the use case.
    pub(crate) fn new(
        passwords: Arc<PasswordCheck>,
        names: Arc<dyn NameHasher>,
        remover: Arc<dyn AccountRemover>,
        learn: Arc<LearnEndedSessions>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { passwords, names, remover, learn, clock }
    }

    /// Erases the account of `actor`, who confirms it with the password. `None` stands for text that cannot be a
    /// password.
    pub async fn execute(&self, actor: Principal, password: Option<Password>) -> Result<(), EraseAccountError> {
        let password = password.ok_or(EraseAccountError::WrongPassword)?;
        bound_to_hash(async || self.erase(actor, &password).await).await?;
        self.passwords.log.record(SecurityEvent::AccountErased, Some(actor.user_id));
        self.learn.at_once().await;
        self.remover.remove(actor.user_id).await;
        Ok(())
    }

    /// Returns `None` if the account no longer has the hash that was verified.
    async fn erase(&self, actor: Principal, password: &Password) -> Result<Option<()>, EraseAccountError> {
        let guesser = Guesser::Session(actor.session_id);
        let verified = self.passwords.of_signed_in(actor.user_id, password, guesser).await?;
        let Credentials { user, password: verified } = verified.ok_or(EraseAccountError::SessionEnded)?;
        let hash = self.names.hashes(&user.username).current;
        let kept = KeptName { hash, until: self.clock.now().after(NAME_KEPT_FOR) };
        match self.passwords.users.erase(actor, &verified.into(), &kept).await? {
            EraseUser::Erased => Ok(Some(())),
            EraseUser::ProofMoved => Ok(None),
            EraseUser::SessionEnded => Err(EraseAccountError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{
        MockAccountRemover, MockEndedSessions, MockPasswordHasher, MockSecurityLog, MockUserRepository, PasswordHash,
    };
    use crate::test_support::{
        FixedClock, NOW, id, learning, name_hasher, name_hashes, password_check, principal, user,
    };

    fn erase(password_matches: bool, erased: &'static [EraseUser], noted: &[SecurityEvent]) -> EraseAccount {
        let mut users = MockUserRepository::new();
        users
            .expect_find_credentials()
            .returning(|_| Ok(Some(Credentials { user: user(7), password: PasswordHash("hash".to_owned()) })));
        let mut outcomes = erased.iter();
        let kept = KeptName { hash: name_hashes().current, until: NOW.after(NAME_KEPT_FOR) };
        users
            .expect_erase()
            .withf(move |by, _, its| *by == principal(7) && *its == kept)
            .times(erased.len())
            .returning(move |_, _, _| Ok(*outcomes.next().unwrap()));
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify().returning(move |_, _| Ok(password_matches));
        let mut log = MockSecurityLog::new();
        for event in noted {
            log.expect_record().with(eq(*event), eq(Some(id(7)))).once().return_const(());
        }
        let mut remover = MockAccountRemover::new();
        let removed = erased.iter().filter(|outcome| **outcome == EraseUser::Erased).count();
        remover.expect_remove().times(removed).with(eq(id(7))).return_const(());
        let mut ended = MockEndedSessions::new();
        ended.expect_learn().times(removed).returning(|_| Ok(()));
        EraseAccount::new(
            password_check(users, hasher, log),
            Arc::new(name_hasher()),
            Arc::new(remover),
            learning(ended),
            Arc::new(FixedClock),
        )
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn erases_when_the_password_is_right_and_has_the_rows_removed() {
            let erase = erase(true, &[EraseUser::Erased], &[SecurityEvent::AccountErased]);
            assert!(erase.execute(principal(7), Password::parse("correct horse").ok()).await.is_ok());
        }

        #[tokio::test]
        async fn retries_once_when_the_hash_was_renewed_meanwhile() {
            let erase = erase(true, &[EraseUser::ProofMoved, EraseUser::Erased], &[SecurityEvent::AccountErased]);
            assert!(erase.execute(principal(7), Password::parse("correct horse").ok()).await.is_ok());
        }

        #[tokio::test]
        async fn removes_nothing_when_the_password_was_changed_meanwhile() {
            let erase = erase(true, &[EraseUser::ProofMoved, EraseUser::ProofMoved], &[]);
            let result = erase.execute(principal(7), Password::parse("correct horse").ok()).await;
            assert!(matches!(result, Err(EraseAccountError::WrongPassword)));
        }

        #[tokio::test]
        async fn rejects_a_wrong_or_impossible_password_and_erases_nothing() {
            for (password, noted) in
                [(Password::parse("password").ok(), &[SecurityEvent::WrongPassword][..]), (None, &[][..])]
            {
                let result = erase(false, &[], noted).execute(principal(7), password).await;
                assert!(matches!(result, Err(EraseAccountError::WrongPassword)));
            }
        }
    }
}
