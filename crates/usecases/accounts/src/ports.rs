//! What the accounts context needs of the world.

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
use crate::rotation::Rotation;
use crate::security_event::SecurityEvent;
use crate::session::SessionView;

/// Keeps accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Stores a new account, unless its name is taken, or kept back when it is made. `kept` are the hashes that its name may be
    /// kept back under.
    async fn insert(
        &self,
        user: &User,
        password: &PasswordHash,
        kept: &NameHashes,
    ) -> Result<InsertUser, RepositoryError>;

    /// The account as `viewer` sees it, or `None` if there is none.
    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError>;

    /// All accounts, newest first.
    async fn list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError>;

    /// The account with the hash of its password, or `None` if there is no such account.
    async fn find_credentials(&self, user: &UserRef) -> Result<Option<Credentials>, RepositoryError>;

    /// Applies `changes` to the account of `by`, unless its session ended, the profile moved past `expected`, or the
    /// password is not the verified one any more. What is so already is no change: the revision stays. A new password ends
    /// every other session of the account in the same transaction.
    async fn update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError>;

    /// Puts the `renewed` hash of the same password in the place of `verified`, if that is still in force. Changes nothing
    /// that anybody sees, and ends no session.
    async fn renew_hash(
        &self,
        id: UserId,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<RenewHash, RepositoryError>;

    /// Hides the account of `by` and all that it wrote from everybody, ends its sessions, keeps its name back as `kept` says,
    /// and requests that its rows be removed, in one transaction. Its comments with replies of others look deleted. Counters of
    /// others count its rows until these are removed.
    async fn erase(&self, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, RepositoryError>;
}

/// Removes the rows of erased accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccountRemover: Send + Sync {
    /// Begins to remove the rows of an erased account. Answers when they are gone, or after a moment: the rest goes on by
    /// itself, whatever happens to this process.
    async fn remove(&self, account: UserId);
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

/// What proved that a client may act for an account. It was verified before, and has to hold still when what follows from it
/// is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password, which was verified against this hash.
    Password(PasswordHash),
}

impl From<PasswordHash> for Proof {
    fn from(verified: PasswordHash) -> Self {
        Self::Password(verified)
    }
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
}

/// What came of [`UserRepository::insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertUser {
    /// The account is there.
    Created,
    /// Another account has the name, or had it until lately.
    UsernameTaken,
}

/// What came of [`UserRepository::update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateUser {
    /// The account after the change.
    Updated(User),
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
    /// The profile is at another revision than expected.
    Stale,
    /// The password was changed since it was verified.
    PasswordMoved,
}

/// What came of [`UserRepository::renew_hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewHash {
    /// The renewed hash is in force.
    Renewed,
    /// The account was erased meanwhile, or has another hash already.
    HashMoved,
}

/// What came of [`UserRepository::erase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseUser {
    /// The account is gone for everybody.
    Erased,
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
    /// The proof does not hold any more.
    ProofMoved,
}

/// Keeps back the names of erased accounts. [`UserRepository`] fills and asks it, in the transactions of its accounts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait KeptNameRepository: Send + Sync {
    /// Forgets names that are kept back until `now` or less; answers how many.
    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}

/// The name of an erased account, to be kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptName {
    /// What is kept of it.
    pub hash: NameHash,
    /// When it is free.
    pub until: Timestamp,
}

/// Hashes user names with a key, so that what is kept of an erased account does not tell its name.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait NameHasher: Send + Sync {
    /// The hashes of a name: the same on every instance.
    fn hashes(&self, name: &Username) -> NameHashes;
}

/// The hashes of one name under each key that may have been in force when it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHashes {
    /// Under the key in force: the one to keep.
    pub current: NameHash,
    /// Under keys from before.
    pub older: Vec<NameHash>,
}

impl NameHashes {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &NameHash> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

/// HMAC-SHA256 of a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(pub [u8; 32]);

/// Keeps sessions and the hashes of their refresh tokens.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Stores a session with its first refresh token, if `proof` still holds: a log-in does not outlive what proved it.
    async fn open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        proof: &Proof,
    ) -> Result<OpenSession, RepositoryError>;

    /// Exchanges a refresh token in one transaction, as [`Rotation::verdict`] says: uses it up and stores its successor,
    /// or ends its whole session.
    async fn rotate(&self, rotation: &Rotation) -> Result<RotateSession, RepositoryError>;

    /// The sessions of `user`, newest first.
    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<SessionView>, RepositoryError>;

    /// Ends the session `id` of the account of `by`; its refresh tokens stop working, and what it writes is not stored.
    async fn close(&self, by: Principal, id: SessionId) -> Result<CloseSession, RepositoryError>;

    /// Ends all sessions of the account of `by` but the one that it acts in. Of two that do this at once, both may end.
    async fn close_others(&self, by: Principal) -> Result<CloseSession, RepositoryError>;

    /// Forgets sessions that have no token that is good after `now`, and ends from before `remembered_since`. Answers how
    /// many sessions.
    async fn purge(&self, now: Timestamp, remembered_since: Timestamp) -> Result<u64, RepositoryError>;
}

/// Knows which sessions have ended while access tokens of theirs may still be good. It is asked at every request, and
/// asks no store.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EndedSessions: Send + Sync {
    /// Whether the session is known to have ended.
    fn contains(&self, session: SessionId) -> bool;

    /// Learns which sessions have ended, through whichever instance, and forgets those that did before `remembered_since`.
    async fn learn(&self, remembered_since: Timestamp) -> Result<(), RepositoryError>;
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
    /// The account was erased meanwhile, or the proof does not hold any more.
    ProofMoved,
}

/// What came of [`SessionRepository::rotate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateSession {
    /// The successor is good now; whose session it is.
    Rotated {
        /// The session.
        session: SessionId,
        /// When it was opened.
        opened_at: Timestamp,
        /// The account.
        user: User,
    },
    /// No such token, or its session was ended.
    Unknown,
    /// The token's time is over.
    Expired,
    /// The session's time is over; it is ended.
    SessionExpired,
    /// The token was used before; its session is ended.
    Replayed {
        /// Whose session it was.
        user: UserId,
    },
}

/// What came of [`SessionRepository::close`] and [`SessionRepository::close_others`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSession {
    /// What was to end has ended.
    Closed,
    /// The account has no such session.
    NotFound,
    /// The session that acts ended meanwhile.
    SessionEnded,
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

    /// Whether `hash` costs as much to guess as a new one would. One that does not is to be renewed when the password is
    /// at hand.
    fn is_current(&self, hash: &PasswordHash) -> bool;
}

/// Bounds how often passwords are guessed.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait GuessLimiter: Send + Sync {
    /// Takes one guess out of what its guesser and its account have left. Answers soon and always: a limiter whose store is
    /// out of reach counts by itself meanwhile. The guess of a request that is cancelled stays counted.
    async fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess;

    /// Gives a guess that was taken back, as it was none: to the budgets that it was taken from, and to no others.
    async fn give_back(&self, taken: TakenGuess, bounds: &GuessBounds);
}

/// What came of [`GuessLimiter::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeGuess {
    /// There was one left.
    Granted(TakenGuess),
    /// There was none. Nothing was taken.
    Refused {
        /// When the next one will be there.
        retry_after: Duration,
    },
}

/// A guess with the budgets that it was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenGuess {
    /// The guess.
    pub guess: Guess,
    /// Whether the account had none left: none was taken from it, but one from the guesser's site.
    pub is_strict: bool,
    /// Whether the store that instances share counted it, and not this instance by itself.
    pub is_shared: bool,
}

/// Keeps what operators must be able to find out later: a line and a count of each event.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SecurityLog: Send + Sync {
    /// Notes that `event` happened to the account of `user`, if it is known. Never fails, and never waits.
    fn record(&self, event: SecurityEvent, user: Option<UserId>);
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
