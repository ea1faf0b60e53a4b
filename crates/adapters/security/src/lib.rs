//! The adapters that handle secrets: password hashing, access tokens, refresh tokens, hashes of kept names, the keys of
//! all these, and limits on password guesses.

mod access_tokens;
mod cursor_key;
mod guesses;
mod hashing;
mod name_hashes;
mod queue;
mod random;
mod refresh_tokens;
mod signing_key;
mod signing_keys;

pub use access_tokens::JwtAccessTokens;
pub use cursor_key::cursor_keys;
pub use guesses::LocalGuesses;
pub use hashing::{Argon2Hasher, HashingCost};
pub use name_hashes::KeyedNameHasher;
pub use queue::HashingLimits;
pub use refresh_tokens::RandomRefreshTokens;
pub use signing_key::{SigningKey, SigningKeyTooShort};
pub use signing_keys::SigningKeys;
