//! Edits the profile or the password of the acting user.

use std::sync::Arc;
use std::time::Duration;

use domain::{Bio, ChosenPassword, DisplayName, Password, Principal, RepositoryError, Revision, User};

use crate::ended_sessions::LearnEndedSessions;
use crate::guessing::Guesser;
use crate::password_check::{PasswordCheck, PasswordCheckError, bound_to_hash};
use crate::ports::{HashingError, PasswordChange, ProfileChanges, UpdateUser};
use crate::security_event::SecurityEvent;

/// The edit; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct ProfileEdit {
    /// The new display name.
    pub display_name: Option<DisplayName>,
    pub bio: Option<Bio>,
    /// The new password, with the current one.
    pub password: Option<NewPassword>,
    /// The revision that the client expects; with any other the edit is rejected as stale.
    pub expected: Option<Revision>,
}

/// A new password, and the current one as proof.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// The current password; `None` for text that cannot be a password.
    pub current: Option<Password>,
    pub new: ChosenPassword,
}

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditProfileError {
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyGuesses {
        /// When the next guess is allowed.
        retry_after: Duration,
    },
    /// The new password is the user name or the display name, which are public.
    #[error("must not be the user name or the display name")]
    PasswordIsName,
    /// The profile was edited since the client read it.
    #[error("the profile was changed meanwhile")]
    Stale,
    /// A password could not be hashed or verified.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl From<PasswordCheckError> for EditProfileError {
    fn from(error: PasswordCheckError) -> Self {
        match error {
            PasswordCheckError::Wrong => Self::WrongPassword,
            PasswordCheckError::TooManyGuesses { retry_after } => Self::TooManyGuesses { retry_after },
            PasswordCheckError::Hashing(error) => error.into(),
            PasswordCheckError::Repository(error) => error.into(),
        }
    }
}

/// Edits the profile or the password of the acting user.
pub struct EditProfile {
    passwords: Arc<PasswordCheck>,
    learn: Arc<LearnEndedSessions>,
}

impl EditProfile {
    /// Creates the use case.
    pub(crate) fn new(passwords: Arc<PasswordCheck>, learn: Arc<LearnEndedSessions>) -> Self {
        Self { passwords, learn }
    }

    /// Applies `edit`, and returns the account after it. A new password ends all other sessions.
    pub async fn execute(&self, actor: Principal, edit: ProfileEdit) -> Result<User, EditProfileError> {
        let user = bound_to_hash(async || self.update(actor, &edit).await).await?;
        if edit.password.is_some() {
            self.passwords.log.record(SecurityEvent::PasswordChanged, Some(user.id));
            self.learn.at_once().await;
        }
        Ok(user)
    }

    /// Returns `None` if the account no longer has the hash that was verified.
    async fn update(&self, actor: Principal, edit: &ProfileEdit) -> Result<Option<User>, EditProfileError> {
        let password = match &edit.password {
            Some(change) => Some(self.exchange(actor, change, edit.display_name.as_ref()).await?),
            None => None,
        };
        let changes = ProfileChanges { display_name: edit.display_name.clone(), bio: edit.bio.clone(), password };
        match self.passwords.users.update(actor, &changes, edit.expected).await? {
            UpdateUser::Updated(user) => Ok(Some(user)),
            UpdateUser::PasswordMoved => Ok(None),
            UpdateUser::SessionEnded => Err(EditProfileError::SessionEnded),
            UpdateUser::Stale => Err(EditProfileError::Stale),
        }
    }

    /// Verifies the current password, and hashes the new one. `renamed` is the new display name, if that changes.
    async fn exchange(
        &self,
        actor: Principal,
        change: &NewPassword,
        renamed: Option<&DisplayName>,
    ) -> Result<PasswordChange, EditProfileError> {
        let current = change.current.as_ref().ok_or(EditProfileError::WrongPassword)?;
        let guesser = Guesser::Session(actor.session_id);
        let known = self.passwords.of_signed_in(actor.user_id, current, guesser).await?;
        let known = known.ok_or(EditProfileError::SessionEnded)?;
        let shown = renamed.unwrap_or(&known.user.display_name);
        if change.new.is_name(known.user.username.as_str()) || change.new.is_name(shown.as_str()) {
            return Err(EditProfileError::PasswordIsName);
        }
        let new = self.passwords.hasher.hash(change.new.as_password()).await?;
        Ok(PasswordChange { verified: known.password, new })
    }
}

#[cfg(test)]
mod tests {
    use domain::Username;
    use mockall::predicate::eq;

    use super::*;
    use crate::ports::{
        Credentials, MockEndedSessions, MockPasswordHasher, MockSecurityLog, MockUserRepository, PasswordHash,
    };
    use crate::test_support::{id, learning, learning_any, password_check, principal, user};

    fn changed_to(new: &str) -> ProfileEdit {
        let current = Some(Password::parse("old password").unwrap());
        let new = ChosenPassword::parse(new).unwrap();
        ProfileEdit { password: Some(NewPassword { current, new }), ..ProfileEdit::default() }
    }

    fn knows(account: User) -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_find_credentials().returning(move |_| {
            Ok(Some(Credentials { user: account.clone(), password: PasswordHash("old".to_owned()) }))
        });
        users
    }

    fn hashes(matches: bool) -> MockPasswordHasher {
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify().returning(move |_, _| Ok(matches));
        hasher.expect_hash().returning(|_| Ok(PasswordHash("new".to_owned())));
        hasher
    }

    fn notes(event: SecurityEvent) -> MockSecurityLog {
        let mut log = MockSecurityLog::new();
        log.expect_record().with(eq(event), eq(Some(id(7)))).once().return_const(());
        log
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn keeps_the_session_in_use_when_the_password_changes() {
            let mut users = knows(user(7));
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
            let check = password_check(users, hashes(true), notes(SecurityEvent::PasswordChanged));

            let mut ended = MockEndedSessions::new();
            ended.expect_learn().once().returning(|_| Ok(()));

            let edit = EditProfile::new(check, learning(ended));
            let edited = edit.execute(principal(7), changed_to("a new password")).await;

            assert_eq!(edited.unwrap().id, id(7));
        }

        #[tokio::test]
        async fn retries_once_when_the_hash_was_renewed_meanwhile() {
            let mut users = knows(user(7));
            let mut outcomes = [UpdateUser::PasswordMoved, UpdateUser::Updated(user(7))].into_iter();
            users.expect_update().times(2).returning(move |_, _, _| Ok(outcomes.next().unwrap()));
            let check = password_check(users, hashes(true), notes(SecurityEvent::PasswordChanged));

            let edited =
                EditProfile::new(check, learning_any()).execute(principal(7), changed_to("a new password")).await;

            assert_eq!(edited.unwrap().id, id(7));
        }

        #[tokio::test]
        async fn rejects_a_wrong_current_password_and_changes_nothing() {
            let check = password_check(knows(user(7)), hashes(false), notes(SecurityEvent::WrongPassword));

            let result =
                EditProfile::new(check, learning_any()).execute(principal(7), changed_to("a new password")).await;

            assert!(matches!(result, Err(EditProfileError::WrongPassword)));
        }

        #[tokio::test]
        async fn rejects_ones_own_name_as_a_password_and_changes_nothing() {
            let renamed = ProfileEdit {
                display_name: Some(DisplayName::parse("Countess of Lovelace").unwrap()),
                ..changed_to("countess of lovelace")
            };
            let long_name = User { username: Username::parse("ada_lovelace").unwrap(), ..user(7) };
            for (account, edit) in [(user(7), renamed), (long_name, changed_to("Ada_Lovelace"))] {
                let check = password_check(knows(account), hashes(true), MockSecurityLog::new());

                let result = EditProfile::new(check, learning_any()).execute(principal(7), edit).await;

                assert!(matches!(result, Err(EditProfileError::PasswordIsName)));
            }
        }

        #[tokio::test]
        async fn rejects_an_outdated_revision() {
            let mut users = MockUserRepository::new();
            users
                .expect_update()
                .withf(|_, _, expected| *expected == Some(Revision(3)))
                .returning(|_, _, _| Ok(UpdateUser::Stale));
            let edit = ProfileEdit { expected: Some(Revision(3)), ..ProfileEdit::default() };
            let check = password_check(users, MockPasswordHasher::new(), MockSecurityLog::new());

            let result = EditProfile::new(check, learning_any()).execute(principal(7), edit).await;

            assert!(matches!(result, Err(EditProfileError::Stale)));
        }
    }
}
