//! Erasing one's own account.

use std::sync::Arc;

use domain::{Password, Principal, RepositoryError, UserRef};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{EraseUser, HashingError, PasswordHasher, UserRepository};

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseAccountError {
    /// The session ended meanwhile, with the account or without.
    #[error("the session has ended")]
    SessionEnded,
    /// The password is another one.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Erases one's own account with all it wrote.
pub struct EraseAccount {
    users: Arc<dyn UserRepository>,
    hasher: Arc<dyn PasswordHasher>,
    learn: Arc<LearnEndedSessions>,
}

impl EraseAccount {
    pub(crate) fn new(
        users: Arc<dyn UserRepository>,
        hasher: Arc<dyn PasswordHasher>,
        learn: Arc<LearnEndedSessions>,
    ) -> Self {
        Self { users, hasher, learn }
    }

    /// Erases the account of `actor`, who proves the wish with the password (`None` stands for text that no
    /// password can be).
    pub async fn execute(&self, actor: Principal, password: Option<Password>) -> Result<(), EraseAccountError> {
        let password = password.ok_or(EraseAccountError::WrongPassword)?;
        let credentials =
            self.users.find_credentials(&UserRef::Id(actor.user_id)).await?.ok_or(EraseAccountError::SessionEnded)?;
        if !self.hasher.verify(&password, Some(credentials.password.clone())).await? {
            return Err(EraseAccountError::WrongPassword);
        }
        match self.users.erase(actor, &credentials.password).await? {
            EraseUser::Erased => {
                self.learn.at_once().await;
                Ok(())
            }
            EraseUser::SessionEnded => Err(EraseAccountError::SessionEnded),
            EraseUser::PasswordMoved => Err(EraseAccountError::WrongPassword),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Credentials, MockPasswordHasher, MockUserRepository, PasswordHash};
    use crate::test_support::{learning_whatever, principal, user};

    fn erase(password_matches: bool, erased: Option<EraseUser>) -> EraseAccount {
        let mut users = MockUserRepository::new();
        users
            .expect_find_credentials()
            .returning(|_| Ok(Some(Credentials { user: user(7), password: PasswordHash("hash".to_owned()) })));
        if let Some(outcome) = erased {
            users.expect_erase().once().returning(move |_, _| Ok(outcome));
        }
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify().returning(move |_, _| Ok(password_matches));
        EraseAccount::new(Arc::new(users), Arc::new(hasher), learning_whatever())
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn erases_when_the_password_is_right() {
            let result =
                erase(true, Some(EraseUser::Erased)).execute(principal(7), Password::parse("password").ok()).await;
            assert!(result.is_ok());
        }

        #[tokio::test]
        async fn rejects_a_wrong_or_impossible_password_and_erases_nothing() {
            for password in [Password::parse("password").ok(), None] {
                let result = erase(false, None).execute(principal(7), password).await;
                assert!(matches!(result, Err(EraseAccountError::WrongPassword)));
            }
        }
    }
}
