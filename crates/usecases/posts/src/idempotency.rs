//! Requests that a client may send again without their effect happening again.

use std::time::Duration;

use domain::{IdempotencyKey, Timestamp};
use sha2::{Digest, Sha256};

/// How long a key is remembered: a retry within this time gets the first answer again.
pub const REPLAY_WINDOW: Duration = Duration::from_hours(24);

/// SHA-256 of what a request wants, by which a retry is told from another request under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of an operation and its parts. Every part is preceded by its length, so that text cannot
    /// move from one part to the next unseen.
    pub(crate) fn of(operation: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&operation).chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// A key with the request that it stands for, to be stored with the request's effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The client's name for the effect.
    pub key: IdempotencyKey,
    /// What the client wants.
    pub fingerprint: Fingerprint,
    /// Keys stored before this time are forgotten.
    pub remembered_since: Timestamp,
}

impl IdempotentRequest {
    pub(crate) fn new(key: IdempotencyKey, fingerprint: Fingerprint, now: Timestamp) -> Self {
        Self { key, fingerprint, remembered_since: now.before(REPLAY_WINDOW) }
    }
}

/// Something that was written, now or by an earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// What was written, as the first answer showed it.
    pub item: T,
    /// Whether an earlier request wrote it.
    pub replayed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Fingerprint::of("x", &["ab", "c"]), Fingerprint::of("x", &["a", "bc"]));
        assert_ne!(Fingerprint::of("x", &["a"]), Fingerprint::of("x", &["a", ""]));
        assert_eq!(Fingerprint::of("x", &["a"]), Fingerprint::of("x", &["a"]));
    }
}
