//! The change log, by which instances receive each other's changes.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::UserId;

use crate::known::version::Version;
use crate::published::change::Change;

/// Delivers changes to all instances, in one order.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Appends `change` and returns its position. Also notes the position as its writer's last, for
    /// [`last_by`](Self::last_by).
    async fn append(&self, change: &Change) -> Result<Version, LogUnavailable>;

    /// The position of the last change by `user`; `None` if every instance must have received it by now.
    async fn last_by(&self, user: UserId) -> Result<Option<Version>, LogUnavailable>;

    /// Whether this instance alone appends. An appended change then counts as received, and the log needs no
    /// follower and no heartbeat.
    fn is_private(&self) -> bool {
        false
    }
}

/// The log is unavailable. The change may or may not have been appended.
#[derive(Debug, thiserror::Error)]
#[error("the journal of changes is out of reach")]
pub struct LogUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The log of a single instance. It counts changes and retains none.
#[derive(Debug, Default)]
pub struct InProcessLog(AtomicU64);

impl InProcessLog {
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
