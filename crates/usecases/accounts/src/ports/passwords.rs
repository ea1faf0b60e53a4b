//! The port of password hashes.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use domain::Password;

/// Hashes passwords with a slow function and limited concurrency.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Rejects a password that would wait too long now, before other work is done for it. It reserves nothing.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if the expected wait is too long.
    fn check_room(&self) -> Result<(), HashingError>;

    /// The hash to store for a password.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError>;

    /// Whether `hash` belongs to `password`. Without a hash it does the same work and returns `false`, so the time
    /// does not reveal whether an account exists.
    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, HashingError>;

    /// Whether `hash` has the cost of a new hash. If not, it should be renewed while the password is available.
    fn is_current(&self, hash: &PasswordHash) -> bool;
}

/// A password hash in PHC string format, which contains its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A failure to hash or verify a password.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many passwords wait to be hashed.
    #[error("too many passwords are being checked")]
    Overloaded {
        /// When the client should retry.
        retry_after: Duration,
    },
    /// The stored hash is malformed, or the operating system failed.
    #[error("hashing failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
