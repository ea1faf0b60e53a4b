//! The ports of reserved names.

use async_trait::async_trait;
use domain::{RepositoryError, Timestamp, Username};

/// Purges the reserved names of erased accounts. [`UserRepository`](super::UserRepository) stores and checks them, in its transactions.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait KeptNameRepository: Send + Sync {
    /// Deletes names that are reserved until `now` or earlier, and returns how many.
    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}

/// The name of an erased account, to be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptName {
    /// The hash of the name.
    pub hash: NameHash,
    /// When the name is free again.
    pub until: Timestamp,
}

/// Hashes user names with a key, so a reserved name does not reveal the erased account.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait NameHasher: Send + Sync {
    /// The hashes of a name: the same on every instance.
    fn hashes(&self, name: &Username) -> NameHashes;
}

/// The hashes of one name, under each key that may have been current when the name was reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHashes {
    /// The hash under the current key, which is stored.
    pub current: NameHash,
    /// The hashes under previous keys.
    pub older: Vec<NameHash>,
}

impl NameHashes {
    /// The current hash, and then the older ones.
    pub fn all(&self) -> impl Iterator<Item = &NameHash> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

/// HMAC-SHA256 of a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(pub [u8; 32]);
