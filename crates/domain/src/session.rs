//! Log-ins, and who acts in them.

use crate::{Id, Timestamp, UserAgent, UserId};

/// One log-in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// What the client called itself when it logged in; `None` when it did not say.
    pub user_agent: Option<UserAgent>,
}

/// Identifies a [`Session`].
pub type SessionId = Id<Session>;

/// Who sends a request: what an access token proves.
///
/// Writes carry it down to the statement that stores them, which looks for the session: a session that has ended stores
/// nothing, however young its access token is. An erased account has no sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: UserId,
    /// The session that the token belongs to.
    pub session_id: SessionId,
}
