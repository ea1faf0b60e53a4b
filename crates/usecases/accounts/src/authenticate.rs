//! Recognising who sends a request.

use std::sync::Arc;

use domain::Clock;

use crate::ports::AccessTokens;
use crate::session::Principal;

/// A token that proves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// Forged, foreign, malformed or expired.
    #[error("the access token is invalid or has expired")]
    InvalidToken,
}

/// Recognises who sends a request. Asks no store, so every instance can, at no cost.
pub struct Authenticate {
    tokens: Arc<dyn AccessTokens>,
    clock: Arc<dyn Clock>,
}

impl Authenticate {
    /// Wires the use case.
    pub fn new(tokens: Arc<dyn AccessTokens>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, clock }
    }

    /// Whom `access_token` proves now.
    ///
    /// # Errors
    /// [`AuthenticateError::InvalidToken`] for every token that proves nobody.
    pub fn execute(&self, access_token: &str) -> Result<Principal, AuthenticateError> {
        self.tokens.verify(access_token, self.clock.now()).ok_or(AuthenticateError::InvalidToken)
    }
}
