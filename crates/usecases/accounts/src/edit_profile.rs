//! Changing one's own profile or password.

use std::sync::Arc;

use domain::{Bio, ChosenPassword, DisplayName, Password, RepositoryError, Revision, User, UserRef};

use crate::ports::{HashingError, PasswordChange, PasswordHasher, ProfileChanges, UpdateUser, UserRepository};
use crate::session::Principal;

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
    pub new: ChosenPassword,
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditProfileError {
    /// The account was erased meanwhile.
    #[error("the account does not exist any more")]
    AccountGone,
    /// The present password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password is the user name or the name to show, which everybody may know.
    #[error("must not be the user name or the display name")]
    PasswordIsName,
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
}

impl EditProfile {
    /// Wires the use case.
    pub fn new(users: Arc<dyn UserRepository>, hasher: Arc<dyn PasswordHasher>) -> Self {
        Self { users, hasher }
    }

    /// Applies `edit` and answers the account after it. A new password ends all sessions but the one in use.
    pub async fn execute(&self, actor: Principal, edit: ProfileEdit) -> Result<User, EditProfileError> {
        let password = match edit.password {
            Some(change) => Some(self.exchange(actor, change, edit.display_name.as_ref()).await?),
            None => None,
        };
        let changes = ProfileChanges { display_name: edit.display_name, bio: edit.bio, password };
        match self.users.update(actor.user_id, &changes, edit.expected).await? {
            UpdateUser::Updated(user) => Ok(user),
            UpdateUser::NotFound => Err(EditProfileError::AccountGone),
            UpdateUser::Stale => Err(EditProfileError::Stale),
            UpdateUser::PasswordMoved => Err(EditProfileError::WrongPassword),
        }
    }

    /// The new password for the present one. `renamed` is what the account will be shown as, if that changes.
    async fn exchange(
        &self,
        actor: Principal,
        change: NewPassword,
        renamed: Option<&DisplayName>,
    ) -> Result<PasswordChange, EditProfileError> {
        let current = change.current.ok_or(EditProfileError::WrongPassword)?;
        let credentials =
            self.users.find_credentials(&UserRef::Id(actor.user_id)).await?.ok_or(EditProfileError::AccountGone)?;
        let shown = renamed.unwrap_or(&credentials.user.display_name);
        if change.new.is_name(credentials.user.username.as_str()) || change.new.is_name(shown.as_str()) {
            return Err(EditProfileError::PasswordIsName);
        }
        if !self.hasher.verify(&current, Some(credentials.password.clone())).await? {
            return Err(EditProfileError::WrongPassword);
        }
        let new = self.hasher.hash(change.new.as_password()).await?;
        Ok(PasswordChange { verified: credentials.password, new, kept: actor.session_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Credentials, MockPasswordHasher, MockUserRepository, PasswordHash};
    use crate::test_support::{id, user};
    use domain::Username;

    fn actor() -> Principal {
        Principal { user_id: id(7), session_id: id(8) }
    }

    fn new_password() -> ProfileEdit {
        changed_to("a new password")
    }

    fn changed_to(new: &str) -> ProfileEdit {
        let current = Some(Password::parse("old password").unwrap());
        let new = ChosenPassword::parse(new).unwrap();
        ProfileEdit { password: Some(NewPassword { current, new }), ..ProfileEdit::default() }
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
                .withf(|id_, changes, _| {
                    *id_ == id(7)
                        && changes.password.as_ref().is_some_and(|change| {
                            (change.new.0.as_str(), change.verified.0.as_str(), change.kept) == ("new", "old", id(8))
                        })
                })
                .once()
                .returning(|_, _, _| Ok(UpdateUser::Updated(user(7))));
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(true));
            hasher.expect_hash().returning(|_| Ok(PasswordHash("new".to_owned())));

            let edited = EditProfile::new(Arc::new(users), Arc::new(hasher)).execute(actor(), new_password()).await;

            assert_eq!(edited.unwrap().id, id(7));
        }

        #[tokio::test]
        async fn rejects_a_wrong_current_password_and_changes_nothing() {
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Ok(false));

            let result = EditProfile::new(Arc::new(knows_credentials()), Arc::new(hasher))
                .execute(actor(), new_password())
                .await;

            assert!(matches!(result, Err(EditProfileError::WrongPassword)));
        }

        #[tokio::test]
        async fn rejects_ones_own_name_as_a_password_and_changes_nothing() {
            let renamed = ProfileEdit {
                display_name: Some(DisplayName::parse("Countess of Lovelace").unwrap()),
                ..changed_to("countess of lovelace")
            };
            let mut long_name = user(7);
            long_name.username = Username::parse("ada_lovelace").unwrap();
            for (account, edit) in [(user(7), renamed), (long_name, changed_to("Ada_Lovelace"))] {
                let mut users = MockUserRepository::new();
                let credentials = Credentials { user: account, password: PasswordHash("old".to_owned()) };
                users.expect_find_credentials().return_once(move |_| Ok(Some(credentials)));

                let result =
                    EditProfile::new(Arc::new(users), Arc::new(MockPasswordHasher::new())).execute(actor(), edit).await;

                assert!(matches!(result, Err(EditProfileError::PasswordIsName)));
            }
        }

        #[tokio::test]
        async fn rejects_a_stale_picture() {
            let mut users = MockUserRepository::new();
            users
                .expect_update()
                .withf(|_, _, expected| *expected == Some(Revision(3)))
                .returning(|_, _, _| Ok(UpdateUser::Stale));
            let edit = ProfileEdit { expected: Some(Revision(3)), ..ProfileEdit::default() };

            let result =
                EditProfile::new(Arc::new(users), Arc::new(MockPasswordHasher::new())).execute(actor(), edit).await;

            assert!(matches!(result, Err(EditProfileError::Stale)));
        }
    }
}
