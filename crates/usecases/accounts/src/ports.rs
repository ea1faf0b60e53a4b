//! What the accounts context needs of the world.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Bio, DisplayName, Page, PageRequest, Password, RepositoryError, Revision, Timestamp, User, UserId, UserRef,
    UserView, UserViewer,
};

use crate::session::{Principal, Session, SessionId};

/// Keeps accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Stores a new account.
    async fn insert(&self, user: &User, password: &PasswordHash) -> Result<InsertUser, RepositoryError>;

    /// The account as `viewer` sees it, or `None` if there is none.
    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError>;

    /// All accounts, newest first.
    async fn list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError>;

    /// The account with the hash of its password, or `None` if there is no such account.
    async fn find_credentials(&self, user: &UserRef) -> Result<Option<Credentials>, RepositoryError>;

    /// Applies `changes` unless the profile moved past `expected`, or the password is not the verified one any more. What is
    /// so already is no change: the revision stays. A new password ends every other session of the account in the same transaction.
    async fn update(
        &self,
        id: UserId,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError>;

    /// Removes the account with its posts, comments, likes, follows and sessions, and corrects every counter
    /// that counted them, in one transaction. Comments with replies of others stay without words or author.
    async fn erase(&self, id: UserId, verified: &PasswordHash) -> Result<EraseUser, RepositoryError>;
}

/// Tells how a reader stands to accounts that are known otherwise: what keeps copies of accounts, which are the same for
/// every reader, apart from the readers.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRelations: Send + Sync {
    /// How `viewer` stands to each of `users`.
    async fn relations(&self, viewer: UserId, users: &[UserId])
    -> Result<HashMap<UserId, UserViewer>, RepositoryError>;
}

/// An account with what proves a log-in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// The hash of its password.
    pub password: PasswordHash,
}

/// What to change of an account; `None` leaves a part as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// The new name to show.
    pub display_name: Option<DisplayName>,
    /// The new biography.
    pub bio: Option<Bio>,
    /// The new password.
    pub password: Option<PasswordChange>,
}

/// A new password for one that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordChange {
    /// The hash that the present password was verified against.
    pub verified: PasswordHash,
    /// The hash of the new one.
    pub new: PasswordHash,
    /// The session that stays open.
    pub kept: SessionId,
}

/// What came of [`UserRepository::insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertUser {
    /// The account is there.
    Created,
    /// Another account has the name.
    UsernameTaken,
}

/// What came of [`UserRepository::update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateUser {
    /// The account after the change.
    Updated(User),
    /// There is no such account.
    NotFound,
    /// The profile is at another revision than expected.
    Stale,
    /// The password was changed since it was verified.
    PasswordMoved,
}

/// What came of [`UserRepository::erase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseUser {
    /// The account is gone.
    Erased,
    /// It was gone already.
    NotFound,
    /// The password was changed since it was verified.
    PasswordMoved,
}

/// Keeps sessions and the hashes of their refresh tokens.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Stores a session with its first refresh token, if the account's password is still the `verified` one: a log-in
    /// does not outlive the password that opened it.
    async fn open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        verified: &PasswordHash,
    ) -> Result<OpenSession, RepositoryError>;

    /// Uses up the refresh token `presented` and stores its successor `next`, in one transaction.
    ///
    /// A token that was used before ends its whole session: either the client or a thief has a copy.
    async fn rotate(
        &self,
        presented: &RefreshTokenHash,
        next: &NewRefreshToken,
        now: Timestamp,
    ) -> Result<RotateSession, RepositoryError>;

    /// Ends a session; its refresh tokens stop working. Ending one that is gone is no error.
    async fn close(&self, id: SessionId) -> Result<(), RepositoryError>;

    /// Forgets sessions that have no token that is good after `now`; answers how many.
    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}

/// A refresh token to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefreshToken {
    /// What is kept of it.
    pub hash: RefreshTokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being good.
    pub expires_at: Timestamp,
}

/// What came of [`SessionRepository::open`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSession {
    /// The session is there.
    Opened,
    /// The account was erased meanwhile, or its password was changed.
    CredentialsMoved,
}

/// What came of [`SessionRepository::rotate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateSession {
    /// The successor is good now; whose session it is.
    Rotated {
        /// The session.
        session: SessionId,
        /// The account.
        user: User,
    },
    /// No such token, or its session was ended.
    Unknown,
    /// The token's time is over.
    Expired,
    /// The token was used before; its session is ended.
    Replayed,
}

/// Hashes passwords, slowly on purpose and with bounded concurrency.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The hash to store of a password.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError>;

    /// Whether `password` is the one that `hash` was made of. Without a hash it does the same work and says no, so
    /// that the time taken does not tell whether an account exists.
    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, HashingError>;
}

/// The hash of a password in PHC string format, which carries its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A password that could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many are waiting already.
    #[error("too many passwords are being checked")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The hash is malformed or the system refused.
    #[error("hashing failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// Signs and checks access tokens.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// A token that proves `principal` from `issued_at` until `expires_at`.
    fn sign(&self, principal: &Principal, issued_at: Timestamp, expires_at: Timestamp) -> Result<String, SigningError>;

    /// Whom a token proves at `now`; `None` for a forged, foreign, malformed or expired one.
    fn verify(&self, token: &str, now: Timestamp) -> Option<Principal>;
}

/// A token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("signing failed")]
pub struct SigningError(#[source] pub Box<dyn Error + Send + Sync>);

/// Makes refresh tokens: unguessable, and stored only as hashes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait RefreshTokens: Send + Sync {
    /// A new token and its hash.
    fn generate(&self) -> (String, RefreshTokenHash);

    /// The hash of a token that a client presents.
    fn hash(&self, token: &str) -> RefreshTokenHash;
}

/// SHA-256 of a refresh token. The token is random enough that a fast hash is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshTokenHash(pub [u8; 32]);
