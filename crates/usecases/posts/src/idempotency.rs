//! Idempotent requests: a client may repeat one without repeating its effect.

use std::time::Duration;

use domain::{IdempotencyKey, Timestamp};
use sha2::{Digest, Sha256};

/// How long a key is valid: a retry within this time gets the first answer again.
pub const REPLAY_WINDOW: Duration = Duration::from_hours(24);

/// SHA-256 of the content of a request. Distinguishes a retry from another request with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of an operation and its parts. Every part is preceded by its length, so text that moves from
    /// one part to the next changes the fingerprint.
    pub(crate) fn of(operation: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&operation).chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// A key with the fingerprint of its request, to be stored with the effect of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The client's key for the effect.
    pub key: IdempotencyKey,
    /// The fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// Keys stored before this time have expired.
    pub remembered_since: Timestamp,
}

impl IdempotentRequest {
    pub(crate) fn new(key: IdempotencyKey, fingerprint: Fingerprint, now: Timestamp) -> Self {
        Self { key, fingerprint, remembered_since: now.before(REPLAY_WINDOW) }
    }
}

/// The result of a write: stored now, or by an earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The stored item, as the first answer showed it.
    pub item: T,
    /// Whether an earlier request stored it.
    pub replayed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_move_between_parts() {
        assert_ne!(Fingerprint::of("x", &["ab", "c"]), Fingerprint::of("x", &["a", "bc"]));
        assert_ne!(Fingerprint::of("x", &["a"]), Fingerprint::of("x", &["a", ""]));
        assert_eq!(Fingerprint::of("x", &["a"]), Fingerprint::of("x", &["a"]));
    }
}
