//! Facts that are committed, or may be, and telling all instances what they invalidate.

use std::pin::Pin;

use async_trait::async_trait;
use domain::UserId;
use events::{Fact, FactListener};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::cache::Cache;
use crate::published::change::Change;
use crate::published::doubts::ROUND;

#[async_trait]
impl FactListener for Cache {
    async fn committed(&self, by: Option<UserId>, facts: &[Fact]) {
        let change = Change::of(by, facts);
        if !change.tags.is_empty() {
            self.announce(&change).await;
        }
    }

    async fn seen(&self, by: Option<UserId>, facts: &[Fact]) {
        self.committed(by, facts).await;
    }

    fn unconfirmed(&self, by: Option<UserId>, facts: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let change = Change::of(by, facts);
        if change.tags.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        self.doubt(&change);
        let cache = self.clone();
        let announced = self.spawn(async move { cache.announce(&change).await });
        Box::pin(async {
            if let Some(announced) = announced {
                // Where it broke off, it is in doubt, and announced again.
                let _ = announced.await;
            }
        })
    }
}

impl Cache {
    /// Tells everybody of a change. If that fails, it is owed.
    pub(crate) async fn announce(&self, change: &Change) {
        match self.log().append(change).await {
            Ok(version) => self.mark_own(version, change),
            Err(error) => {
                tracing::warn!(%error, cause = %error.0, "a change was not announced: no copies until that is made up for");
                self.debt().incur();
            }
        }
    }

    /// Announces the change again later.
    fn doubt(&self, change: &Change) {
        if !self.doubts().add(&change.tags) {
            return;
        }
        let cache = self.clone();
        self.spawn(async move {
            loop {
                sleep(ROUND).await;
                match cache.doubts().round() {
                    Some(tags) if tags.is_empty() => {}
                    Some(tags) => cache.announce(&Change { by: None, tags }).await,
                    None => return,
                }
            }
        });
    }

    /// Runs something on the side. Without a runtime it is not run, and everything is owed.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<JoinHandle<()>> {
        let Some(runtime) = self.runtime() else {
            self.debt().incur();
            return None;
        };
        Some(runtime.spawn(work))
    }
}

#[cfg(test)]
mod tests;
