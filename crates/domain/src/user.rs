//! Users: the people with an account.

use crate::{Bio, DisplayName, Id, ParseIdError, ParseUsernameError, Revision, Shared, Timestamp, Username, Viewed};

/// An account as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id of the account; never changes.
    pub id: UserId,
    /// The unique name; never changes.
    pub username: Username,
    /// The name that is shown, which need not be unique.
    pub display_name: DisplayName,
    /// The person's text about themselves.
    pub bio: Bio,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The number of edits of the profile.
    pub revision: Revision,
    /// Number of posts, with hidden ones that are not removed yet.
    pub post_count: u64,
    /// Number of accounts that follow this one.
    pub follower_count: u64,
    /// Number of accounts that this one follows.
    pub following_count: u64,
}

/// The id of a [`User`].
pub type UserId = Id<User>;

/// The author of a post or a comment, as it shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The id of the account.
    pub id: UserId,
    /// The unique name of the account.
    pub username: Username,
    /// The display name of the account.
    pub display_name: DisplayName,
}

/// The relation of a signed-in reader to a [`User`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserViewer {
    /// Whether the reader follows the user.
    pub following: bool,
    /// Whether the user follows the reader.
    pub followed_by: bool,
}

/// A user as one reader sees it.
pub type UserView = Viewed<Shared<User>, UserViewer>;

/// A reference to a user in a request: an id, or `@username`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserRef {
    /// A reference by id.
    Id(UserId),
    /// A reference by unique name.
    Username(Username),
}

impl UserRef {
    /// Parses an id or `@username`.
    ///
    /// # Errors
    /// [`ParseUserRefError`] when `raw` is neither, and so can refer to no user.
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

/// A text that can refer to no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseUserRefError {
    /// The text is not an id.
    #[error(transparent)]
    Id(#[from] ParseIdError),
    /// The text after `@` is not a user name.
    #[error(transparent)]
    Username(#[from] ParseUsernameError),
}
