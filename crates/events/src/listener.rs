//! The port that receives published facts.

use std::pin::Pin;

use async_trait::async_trait;
use domain::UserId;

use crate::Fact;

/// Receives the facts of a write before the write is acknowledged: the acknowledgement waits for [`committed`] and
/// [`seen`]. `by` is the user who wrote, and who reads the write from then on through any instance.
///
/// [`committed`]: FactListener::committed
/// [`seen`]: FactListener::seen
#[async_trait]
pub trait FactListener: Send + Sync {
    /// This write committed the facts.
    async fn committed(&self, by: Option<UserId>, facts: &[Fact]);

    /// The write changed nothing, because of a state that an earlier write may have left. The change was already
    /// made, the revision had changed, or the thing was missing. The instance of the earlier write may have crashed
    /// before it published the facts. To be used for invalidation only: these facts may never have happened.
    async fn seen(&self, by: Option<UserId>, facts: &[Fact]);

    /// The outcome of the write is unknown: the facts are committed now, or within half a minute, or never. When this
    /// returns, they are noted. The future ends when they are published, and may be dropped.
    fn unconfirmed(&self, by: Option<UserId>, facts: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
