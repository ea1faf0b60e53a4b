//! What it is to be signed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{Id, Timestamp, User, UserId};

use crate::ports::{AccessTokens, NewRefreshToken, RefreshTokens, SigningError};

/// One log-in on one device: a family of refresh tokens, of which the newest is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// Identifies a [`Session`].
pub type SessionId = Id<Session>;

/// Who sends a request: what an access token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user_id: UserId,
    /// The session that the token belongs to.
    pub session_id: SessionId,
}

/// How long tokens are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// An access token, from its making.
    pub access: Duration,
    /// A refresh token, from its making; every refresh makes a new one.
    pub refresh: Duration,
}

/// The answer to a log-in or a refresh. Its tokens do not show themselves in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Proves who sends a request.
    pub access_token: String,
    /// How long the access token is good.
    pub expires_in: Duration,
    /// Exchanged, once, for the next pair of tokens.
    pub refresh_token: String,
    /// Who signed in.
    pub user: User,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Makes the tokens of a session.
pub(crate) struct SessionIssuer {
    pub(crate) access_tokens: Arc<dyn AccessTokens>,
    pub(crate) refresh_tokens: Arc<dyn RefreshTokens>,
    pub(crate) lifetimes: SessionLifetimes,
}

impl SessionIssuer {
    /// A refresh token to store as its hash, and its plain text for the client.
    pub(crate) fn refresh_token(&self, now: Timestamp) -> (NewRefreshToken, String) {
        let (plain, hash) = self.refresh_tokens.generate();
        (NewRefreshToken { hash, created_at: now, expires_at: now.after(self.lifetimes.refresh) }, plain)
    }

    /// Signs the access token that goes with `refresh_token`.
    pub(crate) fn sign_in(
        &self,
        session_id: SessionId,
        user: User,
        refresh_token: String,
        now: Timestamp,
    ) -> Result<SignedIn, SigningError> {
        let principal = Principal { user_id: user.id, session_id };
        let access_token = self.access_tokens.sign(&principal, now, now.after(self.lifetimes.access))?;
        Ok(SignedIn { access_token, expires_in: self.lifetimes.access, refresh_token, user })
    }
}
