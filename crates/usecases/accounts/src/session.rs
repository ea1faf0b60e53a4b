//! What it is to be signed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{Principal, Session, SessionId, Timestamp, User};

use crate::ports::{AccessTokens, NewRefreshToken, RefreshTokens, SigningError};

/// How long tokens and sessions are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// An access token, from its making.
    pub access: Duration,
    /// A refresh token, from its making; every refresh makes a new one.
    pub refresh: Duration,
    /// After the first use of a refresh token: how long it gets another successor when it comes again. Zero for never.
    pub grace: Duration,
    /// A session, from its log-in, however often it is refreshed.
    pub session: Duration,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// When it last got tokens: at its log-in or its latest refresh.
    pub last_used_at: Timestamp,
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
    /// A refresh token to store as its hash, and its plain text for the client. No session outlives its time by it.
    pub(crate) fn refresh_token(&self, now: Timestamp) -> (NewRefreshToken, String) {
        let (plain, hash) = self.refresh_tokens.generate();
        let lifetime = self.lifetimes.refresh.min(self.lifetimes.session);
        (NewRefreshToken { hash, created_at: now, expires_at: now.after(lifetime) }, plain)
    }

    /// Signs the access token that goes with `refresh_token`, for a session that was opened at `opened_at`. It is good no
    /// longer than the session, nor than the refresh token: a session whose tokens have all expired is forgotten.
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
