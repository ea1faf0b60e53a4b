//! The ports of the accounts context.

#![warn(missing_docs)]

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Bio, DisplayName, Page, PageRequest, Password, Principal, RepositoryError, Revision, Session, SessionId, Timestamp,
    User, UserId, UserRef, UserView, UserViewer, Username,
};

use crate::guessing::{Guess, GuessBounds};
pub use crate::refresh_token::{NewRefreshToken, RefreshTokenHash};
use crate::rotation::Rotation;
use crate::security_event::SecurityEvent;
use crate::session_view::SessionView;

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

/// Purges the reserved names of erased accounts. [`UserRepository`] stores and checks them, in its transactions.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait KeptNameRepository: Send + Sync {
    /// Deletes names that are reserved until `now` or earlier, and returns how many.
    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}

/// The name of an erased account, to be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptName {
    /// The hash of the name.
    pub hash: NameHash,
    /// When the name is free again.
    pub until: Timestamp,
}

/// Hashes user names with a key, so a reserved name does not reveal the erased account.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait NameHasher: Send + Sync {
    /// The hashes of a name: the same on every instance.
    fn hashes(&self, name: &Username) -> NameHashes;
}

/// The hashes of one name, under each key that may have been current when the name was reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHashes {
    /// The hash under the current key, which is stored.
    pub current: NameHash,
    /// The hashes under previous keys.
    pub older: Vec<NameHash>,
}

impl NameHashes {
    /// The current hash, and then the older ones.
    pub fn all(&self) -> impl Iterator<Item = &NameHash> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

/// HMAC-SHA256 of a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(pub [u8; 32]);

/// Stores sessions and the hashes of their refresh tokens.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Stores a session with its first refresh token, if `proof` is still valid.
    async fn open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        proof: &Proof,
    ) -> Result<OpenSession, RepositoryError>;

    /// Exchanges a refresh token in one transaction, as [`Rotation::verdict`] decides. Marks it as used and stores
    /// its successor, or ends its session.
    async fn rotate(&self, rotation: &Rotation) -> Result<RotateSession, RepositoryError>;

    /// The sessions of `user`, newest first.
    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<SessionView>, RepositoryError>;

    /// Ends the session `id` of the account of `by`. Its refresh tokens stop working, and its writes are no longer
    /// stored.
    async fn close(&self, by: Principal, id: SessionId) -> Result<CloseSession, RepositoryError>;

    /// Ends all sessions of the account of `by` except the acting one. Of two concurrent calls, both sessions may
    /// end.
    async fn close_others(&self, by: Principal) -> Result<CloseSession, RepositoryError>;

    /// Deletes sessions without a token that is valid after `now`, and ends before `remembered_since`. Returns how
    /// many sessions.
    async fn purge(&self, now: Timestamp, remembered_since: Timestamp) -> Result<u64, RepositoryError>;
}

/// Knows which sessions have ended while their access tokens may still be valid. It is checked at every request,
/// without a query.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EndedSessions: Send + Sync {
    /// Whether the session is known to have ended.
    fn contains(&self, session: SessionId) -> bool;

    /// Learns which sessions have ended through any instance, and forgets ends before `remembered_since`.
    async fn learn(&self, remembered_since: Timestamp) -> Result<(), RepositoryError>;
}

/// The outcome of [`SessionRepository::open`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSession {
    /// The session was stored.
    Opened,
    /// The account was erased meanwhile, or the proof is no longer valid.
    ProofMoved,
}

/// The outcome of [`SessionRepository::rotate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateSession {
    /// The successor is stored and valid.
    Rotated {
        /// The session of the token.
        session: SessionId,
        /// When the session was opened.
        opened_at: Timestamp,
        /// The account of the session.
        user: User,
    },
    /// The token does not exist, or its session has ended.
    Unknown,
    /// The token has expired.
    Expired,
    /// The session has expired, and was ended.
    SessionExpired,
    /// The token was used before, and its session was ended.
    Replayed {
        /// The account of the session.
        user: UserId,
    },
}

/// The outcome of [`SessionRepository::close`] and [`SessionRepository::close_others`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSession {
    /// The sessions have ended.
    Closed,
    /// The account has no such session.
    NotFound,
    /// The acting session ended meanwhile.
    SessionEnded,
}

/// Hashes passwords with a slow function and limited concurrency.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The hash to store for a password.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError>;

    /// Whether `hash` belongs to `password`. Without a hash it does the same work and returns `false`, so the time
    /// does not reveal whether an account exists.
    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, HashingError>;

    /// Whether `hash` has the cost of a new hash. If not, it should be renewed while the password is available.
    fn is_current(&self, hash: &PasswordHash) -> bool;
}

/// Limits how often passwords are guessed.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait GuessLimiter: Send + Sync {
    /// Takes a guess from the budgets of its guesser and its account. Always returns soon: if the shared store is out
    /// of reach, the limiter counts locally. The guess of a cancelled request stays counted.
    async fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess;

    /// Returns a guess to the budgets that it was taken from, because it was not a wrong password.
    async fn give_back(&self, taken: TakenGuess, bounds: &GuessBounds);
}

/// The outcome of [`GuessLimiter::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeGuess {
    /// The guess is allowed.
    Granted(TakenGuess),
    /// The budget is exhausted. Nothing was taken.
    Refused {
        /// When the next guess is allowed.
        retry_after: Duration,
    },
}

/// A guess, and the budgets that it was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenGuess {
    /// The guess, by account and guesser.
    pub guess: Guess,
    /// Whether the budget of the account was exhausted. Then the guess was taken from the budget of the guesser's
    /// site instead.
    pub is_strict: bool,
    /// Whether the store that all instances share counted it, and not this instance alone.
    pub is_shared: bool,
}

/// Records security events for operators: a line in the log and a count for each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SecurityLog: Send + Sync {
    /// Records that `event` happened to the account of `user`, if it is known. Never fails and never waits.
    fn record(&self, event: SecurityEvent, user: Option<UserId>);
}

/// A password hash in PHC string format, which contains its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A failure to hash or verify a password.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many passwords wait to be hashed.
    #[error("too many passwords are being checked")]
    Overloaded {
        /// When the client should retry.
        retry_after: Duration,
    },
    /// The stored hash is malformed, or the operating system failed.
    #[error("hashing failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// Signs and verifies access tokens.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// A token that proves `principal` from `issued_at` until `expires_at`.
    fn sign(&self, principal: &Principal, issued_at: Timestamp, expires_at: Timestamp) -> Result<String, SigningError>;

    /// The principal of a token at `now`; `None` for a forged, foreign, malformed or expired token.
    fn verify(&self, token: &str, now: Timestamp) -> Option<Principal>;
}

/// A failure to sign a token.
#[derive(Debug, thiserror::Error)]
#[error("signing failed")]
pub struct SigningError(#[source] pub Box<dyn Error + Send + Sync>);

/// Generates refresh tokens, which are random and stored only as hashes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait RefreshTokens: Send + Sync {
    /// A new token and its hash.
    fn generate(&self) -> (String, RefreshTokenHash);

    /// The hash of a presented token.
    fn hash(&self, token: &str) -> RefreshTokenHash;
}
