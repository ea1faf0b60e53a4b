//! The lifetimes of sessions, and the tokens that they issue.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{Principal, SessionId, Timestamp, User};

use crate::ports::{AccessTokens, RefreshTokens, SigningError};
use crate::refresh_token::NewRefreshToken;

/// The lifetimes of tokens and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// The lifetime of an access token.
    pub access: Duration,
    /// The lifetime of a refresh token; every refresh issues a new one.
    pub refresh: Duration,
    /// How long after its first use a refresh token may be exchanged again; zero for never.
    pub grace: Duration,
    /// The lifetime of a session, which a refresh does not extend.
    pub session: Duration,
}

/// The result of a log-in or a refresh. `Debug` hides its tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Proves the principal of later requests.
    pub access_token: String,
    /// The remaining lifetime of the access token.
    pub expires_in: Duration,
    /// Exchanged, once, for the next pair of tokens.
    pub refresh_token: String,
    /// The account that logged in.
    pub user: User,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Issues the tokens of a session.
pub(crate) struct SessionIssuer {
    pub(crate) access_tokens: Arc<dyn AccessTokens>,
    pub(crate) refresh_tokens: Arc<dyn RefreshTokens>,
    pub(crate) lifetimes: SessionLifetimes,
}

impl SessionIssuer {
    /// A refresh token to store as its hash, and its plain text for the client. It lives no longer than a session.
    pub(crate) fn refresh_token(&self, now: Timestamp) -> (NewRefreshToken, String) {
        let (plain, hash) = self.refresh_tokens.generate();
        let lifetime = self.lifetimes.refresh.min(self.lifetimes.session);
        (NewRefreshToken { hash, created_at: now, expires_at: now.after(lifetime) }, plain)
    }

    /// Signs the access token that belongs to `refresh_token`, for a session opened at `opened_at`. It lives no
    /// longer than the session and the refresh token, as a session whose tokens have all expired is purged.
    pub(crate) fn sign_in(
        &self,
        (session_id, opened_at): (SessionId, Timestamp),
        user: User,
        refresh_token: String,
        now: Timestamp,
    ) -> Result<SignedIn, SigningError> {
        let principal = Principal { user_id: user.id, session_id };
        let lifetime = self.lifetimes.access.min(self.lifetimes.refresh);
        let expires_at = now.after(lifetime).min(opened_at.after(self.lifetimes.session));
        let access_token = self.access_tokens.sign(&principal, now, expires_at)?;
        Ok(SignedIn { access_token, expires_in: expires_at.since(now), refresh_token, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{MockAccessTokens, MockRefreshTokens};
    use crate::test_support::{LIFETIMES, NOW, id, user};

    #[test]
    fn an_access_token_lives_no_longer_than_its_refresh_token() {
        let mut access_tokens = MockAccessTokens::new();
        access_tokens.expect_sign().returning(|_, _, _| Ok("access".to_owned()));
        let minute = Duration::from_mins(1);
        let issuer = SessionIssuer {
            access_tokens: Arc::new(access_tokens),
            refresh_tokens: Arc::new(MockRefreshTokens::new()),
            lifetimes: SessionLifetimes { refresh: minute, ..LIFETIMES },
        };
        let signed_in = issuer.sign_in((id(8), NOW), user(7), "refresh".to_owned(), NOW).unwrap();
        assert_eq!(signed_in.expires_in, minute);
    }
}
