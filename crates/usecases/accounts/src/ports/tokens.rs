//! The ports of access tokens and refresh tokens.

use std::error::Error;

use domain::{Principal, Timestamp};

use crate::refresh_token::RefreshTokenHash;

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
