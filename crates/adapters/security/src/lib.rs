//! Everything secret: password hashes, signed access tokens, refresh tokens, names that are kept back, the keys they hang
//! on, and how often passwords are guessed.

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
