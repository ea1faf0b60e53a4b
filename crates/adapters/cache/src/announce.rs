//! Writes, and telling everybody of them.

use domain::RepositoryError;
use tokio::time::sleep;

use crate::cache::Cache;
use crate::change::Change;
use crate::doubts::ROUND;

impl Cache {
    /// Runs a write, and announces `change` before its outcome is known to anybody: if `touches` says that the outcome
    /// changed anything, and also if the write failed or is dropped half-way, when it may have been committed all the
    /// same.
    pub(crate) async fn write<T>(
        &self,
        change: Change,
        touches: impl FnOnce(&T) -> bool + Send,
        write: impl Future<Output = Result<T, RepositoryError>> + Send,
    ) -> Result<T, RepositoryError> {
        let mut pending = Pending { cache: self, change: Some(change) };
        let result = write.await;
        match (&result, &pending.change) {
            (Ok(outcome), _) if !touches(outcome) => {}
            // Nothing was begun, and to tell everybody of that would add to what is too much.
            (Err(error), _) if error.is_overload() => {}
            (Ok(_), Some(change)) => self.announce(change).await,
            (Err(_), Some(change)) => {
                self.doubt(change);
                self.announce(change).await;
            }
            (_, None) => {}
        }
        pending.change = None;
        result
    }

    /// Runs a write whose outcome tells what it changed, and announces that before the outcome is known to anybody. If it
    /// failed or is dropped half-way, it may have changed anything.
    pub(crate) async fn write_and_ask<T>(
        &self,
        change_of: impl FnOnce(&T) -> Change + Send,
        write: impl Future<Output = Result<T, RepositoryError>> + Send,
    ) -> Result<T, RepositoryError> {
        let mut pending = Pending { cache: self, change: Some(Change::of_everything()) };
        let result = write.await;
        pending.change = match &result {
            Ok(outcome) => Some(change_of(outcome)).filter(|change| !change.tags.is_empty()),
            Err(error) if error.is_overload() => None,
            Err(_) => pending.change.take().inspect(|change| self.doubt(change)),
        };
        if let Some(change) = &pending.change {
            self.announce(change).await;
        }
        pending.change = None;
        result
    }

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
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match self.runtime() {
            Some(runtime) => {
                runtime.spawn(work);
            }
            None => self.debt().incur(),
        }
    }
}

/// A change by a write that is under way. Dropped before all is said and done, it is announced on the side.
struct Pending<'c> {
    cache: &'c Cache,
    change: Option<Change>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(change) = self.change.take() {
            self.cache.doubt(&change);
            let cache = self.cache.clone();
            self.cache.spawn(async move { cache.announce(&change).await });
        }
    }
}

#[cfg(test)]
mod tests;
