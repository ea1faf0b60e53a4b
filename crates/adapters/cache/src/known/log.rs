//! The log of changes, by which instances hear of each other's writes.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::UserId;

use crate::known::version::Version;
use crate::published::change::Change;

/// Keeps what changed, in one order for all instances.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Appends `change`, and notes for [`last_by`](Self::last_by) who wrote it; answers its position.
    async fn append(&self, change: &Change) -> Result<Version, LogUnavailable>;

    /// The position of the last change by `user`, if there is one that somebody may not have heard of yet.
    async fn last_by(&self, user: UserId) -> Result<Option<Version>, LogUnavailable>;

    /// Whether this instance is the only one that appends. Such a log has nobody to hear from: what was appended was
    /// heard, and there is no silence that could hide anything.
    fn is_private(&self) -> bool {
        false
    }
}

/// A log that is out of reach. What was to be appended may or may not be in it.
#[derive(Debug, thiserror::Error)]
#[error("the log of changes is out of reach")]
pub struct LogUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The log of an instance that is alone: it counts its changes and keeps nothing.
#[derive(Debug, Default)]
pub struct InProcessLog(AtomicU64);

impl InProcessLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl ChangeLog for InProcessLog {
    async fn append(&self, _change: &Change) -> Result<Version, LogUnavailable> {
        Ok(Version::new(0, self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }

    async fn last_by(&self, _user: UserId) -> Result<Option<Version>, LogUnavailable> {
        Ok(None)
    }

    fn is_private(&self) -> bool {
        true
    }
}
