//! Creates an account.

use std::sync::Arc;

use domain::{Bio, ChosenPassword, Clock, DisplayName, IdGenerator, RepositoryError, Revision, User, UserId, Username};

use crate::ports::{HashingError, InsertUser, NameHasher, PasswordHasher, UserRepository};

/// The account to create.
#[derive(Debug, Clone)]
pub struct SignUpCommand {
    /// The requested user name.
    pub username: Username,
    /// The password to log in with.
    pub password: ChosenPassword,
    /// The display name; the user name if absent.
    pub display_name: Option<DisplayName>,
    /// The biography; empty if absent.
    pub bio: Option<Bio>,
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Another account has the name, or had it until recently.
    #[error("the user name is taken")]
    UsernameTaken,
    /// The password is the user name or the display name, which are public.
    #[error("must not be the user name or the display name")]
    PasswordIsName,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Creates an account.
pub struct SignUp {
    users: Arc<dyn UserRepository>,
    hasher: Arc<dyn PasswordHasher>,
    names: Arc<dyn NameHasher>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl SignUp {
    /// Creates the use case.
    pub fn new(
        users: Arc<dyn UserRepository>,
        hasher: Arc<dyn PasswordHasher>,
        names: Arc<dyn NameHasher>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { users, hasher, names, clock, ids }
    }

    /// Stores the account and returns it.
    pub async fn execute(&self, command: SignUpCommand) -> Result<User, SignUpError> {
        let display_name =
            command.display_name.unwrap_or_else(|| DisplayName::from_stored(command.username.as_str().to_owned()));
        if command.password.is_name(command.username.as_str()) || command.password.is_name(display_name.as_str()) {
            return Err(SignUpError::PasswordIsName);
        }
        let password = self.hasher.hash(command.password.as_password()).await?;
        let user = User {
            id: UserId::generate(self.ids.as_ref()),
            username: command.username,
            display_name,
            bio: command.bio.unwrap_or_else(|| Bio::from_stored(String::new())),
            created_at: self.clock.now(),
            revision: Revision::default(),
            post_count: 0,
            follower_count: 0,
            following_count: 0,
        };
        match self.users.insert(&user, &password, &self.names.hashes(&user.username)).await? {
            InsertUser::Created => Ok(user),
            InsertUser::UsernameTaken => Err(SignUpError::UsernameTaken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{MockPasswordHasher, MockUserRepository, PasswordHash};
    use crate::test_support::{FixedClock, FixedIds, NOW, id};
    use crate::test_support::{name_hasher, name_hashes};

    fn command() -> SignUpCommand {
        SignUpCommand {
            username: Username::parse("ada").unwrap(),
            password: ChosenPassword::parse("correct horse").unwrap(),
            display_name: None,
            bio: None,
        }
    }

    fn sign_up(users: MockUserRepository) -> SignUp {
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_hash().returning(|_| Ok(PasswordHash("hash".to_owned())));
        SignUp::new(
            Arc::new(users),
            Arc::new(hasher),
            Arc::new(name_hasher()),
            Arc::new(FixedClock),
            Arc::new(FixedIds),
        )
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_hash_and_fills_in_defaults() {
            let mut users = MockUserRepository::new();
            users
                .expect_insert()
                .withf(|user, hash, kept| {
                    user.display_name.as_str() == "ada"
                        && *hash == PasswordHash("hash".to_owned())
                        && *kept == name_hashes()
                })
                .once()
                .returning(|_, _, _| Ok(InsertUser::Created));

            let user = sign_up(users).execute(command()).await.unwrap();

            assert_eq!((user.id, user.created_at, user.bio.as_str()), (id(1), NOW, ""));
        }

        #[tokio::test]
        async fn rejects_ones_own_name_as_a_password_and_stores_nothing() {
            let command = |username: &str, display_name: Option<&str>, password: &str| SignUpCommand {
                username: Username::parse(username).unwrap(),
                password: ChosenPassword::parse(password).unwrap(),
                display_name: display_name.map(|name| DisplayName::parse(name).unwrap()),
                bio: None,
            };
            for command in [
                command("ada_lovelace", None, "Ada_Lovelace"),
                command("ada", Some("Ada Lovelace"), "ada lovelace"),
                command("ada_lovelace", Some("Ada"), " ada_lovelace "),
            ] {
                let result = sign_up(MockUserRepository::new()).execute(command).await;
                assert!(matches!(result, Err(SignUpError::PasswordIsName)));
            }
        }

        #[tokio::test]
        async fn rejects_a_taken_name() {
            let mut users = MockUserRepository::new();
            users.expect_insert().returning(|_, _, _| Ok(InsertUser::UsernameTaken));

            let error = sign_up(users).execute(command()).await.unwrap_err();

            assert!(matches!(error, SignUpError::UsernameTaken));
        }
    }
}
