//! Changing one's own profile or password.

use std::sync::Arc;

use domain::{Bio, DisplayName, Password, Principal, RepositoryError, Revision, User, UserRef};

use crate::ended_sessions::LearnEndedSessions;
use crate::ports::{HashingError, PasswordChange, PasswordHasher, ProfileChanges, UpdateUser, UserRepository};

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileEdit {
    /// The new name to show.
    pub display_name: Option<DisplayName>,
    /// The new biography.
    pub bio: Option<Bio>,
    /// The new password.
    pub password: Option<NewPassword>,
    /// The revision that the client saw; another one means that its picture is stale.
    pub expected: Option<Revision>,
}

/// A new password with the proof that the present one is known.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// The password in force, or `None` for text that no password can be.
    pub current: Option<Password>,
    /// The password to come.
    pub new: Password,
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditProfileError {
    /// The session ended meanwhile, with the account or without.
    #[error("the session has ended")]
    SessionEnded,
    /// The present password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The profile moved on since the client saw it.
    #[error("the profile was changed meanwhile")]
    Stale,
    /// A password could not be hashed or checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Changes one's own profile or password.
pub struct EditProfile {
    users: Arc<dyn UserRepository>,
    hasher: Arc<dyn PasswordHasher>,
    learn: Arc<LearnEndedSessions>,
}

impl EditProfile {
    pub(crate) fn new(
        users: Arc<dyn UserRepository>,
        hasher: Arc<dyn PasswordHasher>,
        learn: Arc<LearnEndedSessions>,
    ) -> Self {
        Self { users, hasher, learn }
    }

    /// Applies `edit` and answers the account after it. A new password ends all sessions but the one in use.
    pub async fn execute(&self, actor: Principal, edit: ProfileEdit) -> Result<User, EditProfileError> {
        let password = match edit.password {
            Some(change) => Some(self.exchange(actor, change).await?),
            None => None,
        };
        let changes = ProfileChanges { display_name: edit.display_name, bio: edit.bio, password };
        match self.users.update(actor, &changes, edit.expected).await? {
            UpdateUser::Updated(user) => {
                if changes.password.is_some() {
                    self.learn.at_once().await;
                }
                Ok(user)
            }
            UpdateUser::SessionEnded => Err(EditProfileError::SessionEnded),
            UpdateUser::Stale => Err(EditProfileError::Stale),
            UpdateUser::PasswordMoved => Err(EditProfileError::WrongPassword),
        }
    }

    async fn exchange(&self, actor: Principal, change: NewPassword) -> Result<PasswordChange, EditProfileError> {
        let current = change.current.ok_or(EditProfileError::WrongPassword)?;
        let credentials =
            self.users.find_credentials(&UserRef::Id(actor.user_id)).await?.ok_or(EditProfileError::SessionEnded)?;
        if !self.hasher.verify(&current, Some(credentials.password.clone())).await? {
            return Err(EditProfileError::WrongPassword);
        }
        let new = self.hasher.hash(&change.new).await?;
        Ok(PasswordChange { verified: credentials.password, new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockEndedSessions;
    use crate::ports::{Credentials, MockPasswordHasher, MockUserRepository, PasswordHash};
    use crate::test_support::{id, learning, learning_whatever, principal, user};

    fn new_password() -> ProfileEdit {
        let password = |raw| Password::parse(raw).unwrap();
        ProfileEdit {
            password: Some(NewPassword { current: Some(password("old password")), new: password("new password") }),
            ..ProfileEdit::default()
        }
    }

    fn knows_credentials() -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users
            .expect_find_credentials()
            .returning(|_| Ok(Some(Credentials { user: user(7), password: PasswordHash("old".to_owned()) })));
        users
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn keeps_the_session_in_use_when_the_password_changes() {
            let mut users = knows_credentials();
            users
                .expect_update()
                .withf(|by, changes, _| {
                    *by == principal(7)
                        && changes
                            .password
                            .as_ref()
                            .is_some_and(|change| (change.new.0.as_str(), change.verified.0.as_str()) == ("new", "old"))
                })
                .once()
                .returning(|_, _, _| Ok(UpdateUser::Updated(user(7))));
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(true));
            hasher.expect_hash().returning(|_| Ok(PasswordHash("new".to_owned())));

            let mut ended = MockEndedSessions::new();
            ended.expect_learn().once().returning(|_| Ok(()));

            let edit = EditProfile::new(Arc::new(users), Arc::new(hasher), learning(ended));
            let edited = edit.execute(principal(7), new_password()).await;

            assert_eq!(edited.unwrap().id, id(7));
        }

        #[tokio::test]
        async fn rejects_a_wrong_current_password_and_changes_nothing() {
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(false));

            let edit = EditProfile::new(Arc::new(knows_credentials()), Arc::new(hasher), learning_whatever());
            let result = edit.execute(principal(7), new_password()).await;

            assert!(matches!(result, Err(EditProfileError::WrongPassword)));
        }

        #[tokio::test]
        async fn rejects_a_stale_picture() {
            let mut users = MockUserRepository::new();
            users
                .expect_update()
                .withf(|_, _, expected| *expected == Some(Revision(3)))
                .returning(|_, _, _| Ok(UpdateUser::Stale));
            let edit = ProfileEdit { expected: Some(Revision(3)), ..ProfileEdit::default() };

            let hasher = Arc::new(MockPasswordHasher::new());
            let result =
                EditProfile::new(Arc::new(users), hasher, learning_whatever()).execute(principal(7), edit).await;

            assert!(matches!(result, Err(EditProfileError::Stale)));
        }
    }
}
