//! Identifies the principal of a request.

use std::sync::Arc;

use domain::{Clock, Principal};

use crate::ports::{AccessTokens, EndedSessions};

/// An access token that proves no principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The token is forged, foreign, malformed or expired, or its session has ended.
    #[error("the access token is invalid or has expired")]
    InvalidToken,
}

/// Identifies the principal of a request, without a query.
pub struct Authenticate {
    tokens: Arc<dyn AccessTokens>,
    ended: Arc<dyn EndedSessions>,
    clock: Arc<dyn Clock>,
}

impl Authenticate {
    /// Creates the use case.
    pub fn new(tokens: Arc<dyn AccessTokens>, ended: Arc<dyn EndedSessions>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, ended, clock }
    }

    /// The principal that `access_token` proves now.
    ///
    /// # Errors
    /// [`AuthenticateError::InvalidToken`] for every token that proves no principal.
    pub fn execute(&self, access_token: &str) -> Result<Principal, AuthenticateError> {
        let proved = self.tokens.verify(access_token, self.clock.now());
        proved.filter(|principal| !self.ended.contains(principal.session_id)).ok_or(AuthenticateError::InvalidToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{MockAccessTokens, MockEndedSessions};
    use crate::test_support::{FixedClock, NOW, id, principal};

    fn authenticate(proved: Option<Principal>, ended: bool) -> Result<Principal, AuthenticateError> {
        let mut tokens = MockAccessTokens::new();
        tokens.expect_verify().withf(|_, now| *now == NOW).return_const(proved);
        let mut sessions = MockEndedSessions::new();
        sessions.expect_contains().withf(|session| *session == id(1007)).return_const(ended);
        Authenticate::new(Arc::new(tokens), Arc::new(sessions), Arc::new(FixedClock)).execute("token")
    }

    mod execute {
        use super::*;

        #[test]
        fn returns_the_principal_of_the_token() {
            assert_eq!(authenticate(Some(principal(7)), false), Ok(principal(7)));
            assert_eq!(authenticate(None, false), Err(AuthenticateError::InvalidToken));
        }

        #[test]
        fn rejects_the_tokens_of_an_ended_session() {
            assert_eq!(authenticate(Some(principal(7)), true), Err(AuthenticateError::InvalidToken));
        }
    }
}
