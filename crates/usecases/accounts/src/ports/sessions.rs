//! The ports of sessions.

use async_trait::async_trait;
use domain::{Page, PageRequest, Principal, RepositoryError, Session, SessionId, Timestamp, User, UserId};

use super::users::Proof;
use crate::refresh_token::NewRefreshToken;
use crate::rotation::Rotation;
use crate::session_view::SessionView;

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
