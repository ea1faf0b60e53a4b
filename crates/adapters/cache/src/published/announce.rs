//! Publishes to all instances the tags that a write's facts invalidate.
//!
//! Called by `events::Publication`, at the end of every write that has facts.
//!
//! Invariants:
//! - Committed facts are published before the response to the write.
//! - Facts of an unconfirmed write are published at once, and again later (`doubts.rs`). Their task survives the
//!   request.
//!
//! On failure the change becomes an unpublished one (`debt.rs`), and the cache is bypassed until it is repaired.
//!
//! Tested in `announce/tests.rs`.

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
                // If the task failed, the later rounds publish the change again.
                let _ = announced.await;
            }
        })
    }
}

impl Cache {
    /// Publishes a change to all instances. On failure it becomes an unpublished one.
    pub(crate) async fn announce(&self, change: &Change) {
        match self.log().append(change).await {
            Ok(version) => self.mark_own(version, change),
            Err(error) => {
                tracing::warn!(%error, cause = %error.0, "an invalidation was not published: the cache is bypassed until it is");
                self.debt().incur();
            }
        }
    }

    /// Publishes the change of an unconfirmed write again in later rounds. Starts the task of the rounds if none runs.
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

    /// Runs `work` in the background. Without a runtime it is not run, and counts as an unpublished change.
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
