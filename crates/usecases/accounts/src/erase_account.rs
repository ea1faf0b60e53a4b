//! Erasing one's own account.

use std::sync::Arc;

use domain::{Password, RepositoryError, UserId, UserRef};

use crate::ports::{AccountRemover, EraseUser, HashingError, PasswordHasher, UserRepository};

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseAccountError {
    /// It is gone already.
    #[error("the account does not exist any more")]
    AccountGone,
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
    remover: Arc<dyn AccountRemover>,
}

impl EraseAccount {
    /// Wires the use case.
    pub fn new(
        users: Arc<dyn UserRepository>,
        hasher: Arc<dyn PasswordHasher>,
        remover: Arc<dyn AccountRemover>,
    ) -> Self {
        Self { users, hasher, remover }
    }

    /// Erases the account of `actor`, who proves the wish with the password (`None` stands for text that no
    /// password can be).
    pub async fn execute(&self, actor: UserId, password: Option<Password>) -> Result<(), EraseAccountError> {
        let password = password.ok_or(EraseAccountError::WrongPassword)?;
        let credentials =
            self.users.find_credentials(&UserRef::Id(actor)).await?.ok_or(EraseAccountError::AccountGone)?;
        if !self.hasher.verify(&password, Some(credentials.password.clone())).await? {
            return Err(EraseAccountError::WrongPassword);
        }
        match self.users.erase(actor, &credentials.password).await? {
            EraseUser::Erased => {
                self.remover.remove(actor).await;
                Ok(())
            }
            EraseUser::NotFound => Err(EraseAccountError::AccountGone),
            EraseUser::PasswordMoved => Err(EraseAccountError::WrongPassword),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Credentials, MockAccountRemover, MockPasswordHasher, MockUserRepository, PasswordHash};
    use crate::test_support::{id, user};

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
        let mut remover = MockAccountRemover::new();
        let removed = usize::from(erased == Some(EraseUser::Erased));
        remover.expect_remove().times(removed).withf(|account| *account == id(7)).return_const(());
        EraseAccount::new(Arc::new(users), Arc::new(hasher), Arc::new(remover))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn erases_when_the_password_is_right_and_has_the_rows_removed() {
            let result = erase(true, Some(EraseUser::Erased)).execute(id(7), Password::parse("password").ok()).await;
            assert!(result.is_ok());
        }

        #[tokio::test]
        async fn removes_nothing_when_the_password_was_changed_meanwhile() {
            let result =
                erase(true, Some(EraseUser::PasswordMoved)).execute(id(7), Password::parse("password").ok()).await;
            assert!(matches!(result, Err(EraseAccountError::WrongPassword)));
        }

        #[tokio::test]
        async fn rejects_a_wrong_or_impossible_password_and_erases_nothing() {
            for password in [Password::parse("password").ok(), None] {
                let result = erase(false, None).execute(id(7), password).await;
                assert!(matches!(result, Err(EraseAccountError::WrongPassword)));
            }
        }
    }
}
