//! People with an account.

use crate::{Bio, DisplayName, Id, ParseIdError, ParseUsernameError, Revision, Shared, Timestamp, Username, Viewed};

/// An account as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identity; never changes.
    pub id: UserId,
    /// Unique name; never changes.
    pub username: Username,
    /// The name to show.
    pub display_name: DisplayName,
    /// A few words about the person.
    pub bio: Bio,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Counts the changes of the profile.
    pub revision: Revision,
    /// Posts that exist.
    pub post_count: u64,
    /// Accounts that follow this one.
    pub follower_count: u64,
    /// Accounts that this one follows.
    pub following_count: u64,
}

/// Identifies a [`User`].
pub type UserId = Id<User>;

/// What a post or a comment shows of the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The account.
    pub id: UserId,
    /// Its unique name.
    pub username: Username,
    /// Its name to show.
    pub display_name: DisplayName,
}

/// How a signed-in reader stands to a [`User`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserViewer {
    /// The reader follows the user.
    pub following: bool,
    /// The user follows the reader.
    pub followed_by: bool,
}

/// A user as one reader sees it.
pub type UserView = Viewed<Shared<User>, UserViewer>;

/// How a request names a user: by id, or as `@username`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserRef {
    /// By identity.
    Id(UserId),
    /// By unique name.
    Username(Username),
}

impl UserRef {
    /// Parses an id or `@username`.
    ///
    /// # Errors
    /// [`ParseUserRefError`] when `raw` is neither; such a text names nobody.
    pub fn parse(raw: &str) -> Result<Self, ParseUserRefError> {
        match raw.strip_prefix('@') {
            Some(name) => Ok(Self::Username(Username::parse(name)?)),
            None => Ok(Self::Id(UserId::parse(raw)?)),
        }
    }
}

impl From<UserId> for UserRef {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

/// A text that can name no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseUserRefError {
    /// Not an id.
    #[error(transparent)]
    Id(#[from] ParseIdError),
    /// Not a user name.
    #[error(transparent)]
    Username(#[from] ParseUsernameError),
}
