//! Removals under way, beside the requests.
//!
//! A request that hides something waits a moment for its removal: what is small is gone by then. What is not goes on after
//! the answer. What is left when the server stops, or dies, is taken up by another instance, or at the next start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::ports::AccountRemover;
use async_trait::async_trait;
use domain::{PostId, UserId};
use posts::ports::PostRemover;
use removals::{CarryOut, Removal, RemovalKind};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

/// How long a request waits for the removal of what it has hidden.
const PATIENCE: Duration = Duration::from_secs(1);
/// Removals taken up at once.
const RESUMED: u16 = 100;

/// Carries out removals, each in a task of its own.
#[derive(Clone)]
pub(crate) struct Remover {
    carry_out: Arc<CarryOut>,
    /// It outlives the threads that answer requests.
    runtime: Handle,
    running: Arc<Mutex<HashMap<Removal, AbortHandle>>>,
}

impl Remover {
    /// Nothing is removed yet.
    pub(crate) fn new(carry_out: CarryOut) -> Self {
        Self { carry_out: Arc::new(carry_out), runtime: Handle::current(), running: Arc::default() }
    }

    /// Begins a removal; `None` if it is under way here.
    fn begin(&self, removal: Removal) -> Option<JoinHandle<()>> {
        let mut running = self.running();
        if running.contains_key(&removal) {
            return None;
        }
        let remover = self.clone();
        let task = self.runtime.spawn(async move {
            if let Err(error) = remover.carry_out.execute(removal).await {
                tracing::warn!(?removal, %error, "a removal was left off; it is taken up again in a moment");
            }
            remover.running().remove(&removal);
        });
        running.insert(removal, task.abort_handle());
        Some(task)
    }

    /// Begins a removal, and waits until it is done or has taken a moment.
    async fn hurry(&self, removal: Removal) {
        if let Some(task) = self.begin(removal) {
            // It goes on by itself.
            let _ = tokio::time::timeout(PATIENCE, task).await;
        }
    }

    /// Takes up what was left off, by whomever.
    pub(crate) async fn resume(&self) {
        match self.carry_out.pending(RESUMED).await {
            Ok(pending) => {
                let begun = pending.into_iter().filter(|removal| self.begin(*removal).is_some()).count();
                if begun > 0 {
                    tracing::info!(begun, "removals taken up");
                }
            }
            Err(error) => tracing::warn!(%error, "removals not looked for; next try in a moment"),
        }
    }

    /// Leaves off all removals: nothing of a slice that is under way is kept.
    pub(crate) fn stop(&self) {
        for (_, task) in self.running().drain() {
            task.abort();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Removal, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AccountRemover for Remover {
    async fn remove(&self, account: UserId) {
        self.hurry(Removal { kind: RemovalKind::Account, id: account.cuid() }).await;
    }
}

#[async_trait]
impl PostRemover for Remover {
    async fn remove(&self, post: PostId) {
        self.hurry(Removal { kind: RemovalKind::Post, id: post.cuid() }).await;
    }
}
