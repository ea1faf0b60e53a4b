//! Sessions, and the principal that acts in one.

use crate::{Id, Timestamp, UserAgent, UserId};

/// One log-in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id of the session.
    pub id: SessionId,
    /// The account that the session belongs to.
    pub user_id: UserId,
    /// When it was opened, by a log-in.
    pub created_at: Timestamp,
    /// The `User-Agent` of the client at the log-in; `None` if it sent none.
    pub user_agent: Option<UserAgent>,
}

/// The id of a [`Session`].
pub type SessionId = Id<Session>;

/// The identity behind a request, as proved by an access token.
///
/// Writes pass it down to the statement that stores them, which checks the session. A session that has ended stores
/// nothing, even with a valid access token. An erased account has no sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The account that acts.
    pub user_id: UserId,
    /// The session that the token belongs to.
    pub session_id: SessionId,
}
