//! The ports of accounts.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    Bio, DisplayName, Page, PageRequest, Principal, RepositoryError, Revision, User, UserId, UserRef, UserView,
    UserViewer,
};

use super::names::{KeptName, NameHashes};
use super::passwords::PasswordHash;

/// Stores accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Stores a new account, unless its name is taken or reserved. `kept` has the hashes under which its name may be
    /// reserved.
    async fn insert(
        &self,
        user: &User,
        password: &PasswordHash,
        kept: &NameHashes,
    ) -> Result<InsertUser, RepositoryError>;

    /// The account as `viewer` sees it; `None` if it does not exist.
    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError>;

    /// All accounts, newest first.
    async fn list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError>;

    /// The account with its password hash; `None` if it does not exist.
    async fn find_credentials(&self, user: &UserRef) -> Result<Option<Credentials>, RepositoryError>;

    /// Applies `changes` to the account of `by`. Fails if the session ended, if the revision is not the `expected`
    /// one, or if the password hash is no longer the verified one. Values that are equal already are no change: the
    /// revision stays. A new password ends all other sessions of the account in the same transaction.
    async fn update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError>;

    /// Replaces the hash `verified` by the `renewed` hash of the same password, if `verified` is still stored.
    /// Nothing visible changes, and no session ends.
    async fn renew_hash(
        &self,
        id: UserId,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<RenewHash, RepositoryError>;

    /// Erases the account of `by`, in one transaction. Hides it with all its content, ends its sessions, reserves its
    /// name as `kept`, and requests the removal of its rows. Its comments with replies of others look deleted.
    /// Counters of other rows contain its rows until they are removed.
    async fn erase(&self, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, RepositoryError>;
}

/// Removes the rows of erased accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccountRemover: Send + Sync {
    /// Begins to remove the rows of an erased account. Returns when they are removed, or after a moment: the rest
    /// continues in the background, also if this process stops.
    async fn remove(&self, account: UserId);
}

/// Reports a reader's relations to accounts that are already known. For cached accounts, which are the same for every
/// reader.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRelations: Send + Sync {
    /// The relation of `viewer` to each of `users`.
    async fn relations(&self, viewer: UserId, users: &[UserId])
    -> Result<HashMap<UserId, UserViewer>, RepositoryError>;
}

/// An account with its password hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// The hash of its password.
    pub password: PasswordHash,
}

/// The proof that a client may act for an account. It was verified before, and must still be valid when the write
/// that depends on it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password that was verified against this hash.
    Password(PasswordHash),
}

impl From<PasswordHash> for Proof {
    fn from(verified: PasswordHash) -> Self {
        Self::Password(verified)
    }
}

/// The changes of an account; `None` leaves a field unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// The new display name.
    pub display_name: Option<DisplayName>,
    /// The new biography.
    pub bio: Option<Bio>,
    /// The new password, with the verified one.
    pub password: Option<PasswordChange>,
}

/// A new password, and the current one as proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordChange {
    /// The hash that the current password was verified against.
    pub verified: PasswordHash,
    /// The hash of the new password.
    pub new: PasswordHash,
}

/// The outcome of [`UserRepository::insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertUser {
    /// The account was stored.
    Created,
    /// Another account has the name, or had it until recently.
    UsernameTaken,
}

/// The outcome of [`UserRepository::update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateUser {
    /// The account after the change.
    Updated(User),
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
    /// The profile is at another revision than expected.
    Stale,
    /// The password was changed since it was verified.
    PasswordMoved,
}

/// The outcome of [`UserRepository::renew_hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewHash {
    /// The renewed hash is stored.
    Renewed,
    /// The account was erased meanwhile, or already has another hash.
    HashMoved,
}

/// The outcome of [`UserRepository::erase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseUser {
    /// The account is hidden from all readers.
    Erased,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
    /// The proof is no longer valid.
    ProofMoved,
}
