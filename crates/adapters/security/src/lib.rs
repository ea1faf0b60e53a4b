//! Everything secret: password hashes, signed access tokens, refresh tokens and the key they hang on.

mod access_tokens;
mod cursor_key;
mod hashing;
mod queue;
mod random;
mod refresh_tokens;
mod signing_key;
mod signing_keys;

pub use access_tokens::JwtAccessTokens;
pub use cursor_key::cursor_keys;
pub use hashing::{Argon2Hasher, HashingCost};
pub use queue::HashingLimits;
pub use refresh_tokens::RandomRefreshTokens;
pub use signing_key::{SigningKey, SigningKeyTooShort};
pub use signing_keys::SigningKeys;
