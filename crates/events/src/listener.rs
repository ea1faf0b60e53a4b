//! Who is told of facts.

use std::pin::Pin;

use async_trait::async_trait;
use domain::UserId;

use crate::Fact;

/// Is told of facts before the write that left them is acknowledged: the acknowledgement waits for [`committed`] and
/// [`seen`]. `by` is the user who wrote, and who reads the write from then on through any instance.
///
/// [`committed`]: FactListener::committed
/// [`seen`]: FactListener::seen
#[async_trait]
pub trait FactListener: Send + Sync {
    /// The facts were committed by this write.
    async fn committed(&self, by: Option<UserId>, facts: &[Fact]);

    /// The write changed nothing, and found what an earlier one may have left: the same wish fulfilled, another revision, or
    /// nothing there. The instance that wrote then may have crashed before it told of it. Good for invalidating, never for
    /// recording: these facts need not have happened.
    async fn seen(&self, by: Option<UserId>, facts: &[Fact]);

    /// The facts may be committed by now, or within half a minute, or never: the outcome of the write is unknown. They are
    /// noted when this returns; the future, which may be dropped, ends when they are told.
    fn unconfirmed(&self, by: Option<UserId>, facts: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
