//! The batches of each kind of write, one coalescer a kind.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use resilience::{Caller, Coalesce, Coalescer, CoalescerOptions, NotCoalesced, caller};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{BatchResult, BatchWrite, run};
use crate::Database;

/// One batch at a time: two batches that meet at a hot row wait for each other, and each is only half as large.
const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 64, waiting: 512 };
/// Writes that are retried outside the batches at the same time: few, as each takes a connection.
const HELD_AT_ONCE: usize = 4;

/// The kinds of writes that this database has received, by their type.
#[derive(Default)]
pub(crate) struct Kinds(RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Kinds {
    /// The batches of `W`, created at its first write.
    pub(super) fn of<W: BatchWrite>(&self) -> Arc<Kind<W>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<W>()).map(Arc::clone);
        let kind = known.unwrap_or_else(|| {
            let mut kinds = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kinds.entry(TypeId::of::<W>()).or_insert_with(|| Arc::new(Kind::<W>::new())))
        });
        // The entry under a type id always has that type.
        kind.downcast().unwrap_or_else(|_| Arc::new(Kind::new()))
    }
}

/// The batches of one kind of write.
pub(super) struct Kind<W: BatchWrite> {
    batches: Coalescer<Item<W>, BatchResult<W::Outcome>>,
    held: Semaphore,
}

/// A write and its database: the waiting item keeps the database open, the coalescer does not.
struct Item<W> {
    write: Arc<W>,
    db: Database,
}

impl<W: BatchWrite> Coalesce for Item<W> {
    type Key = W::Key;

    fn key(&self) -> Option<W::Key> {
        self.write.key()
    }
}

impl<W: BatchWrite> Kind<W> {
    fn new() -> Self {
        let batches = Coalescer::new(OPTIONS, |items: Vec<Item<W>>| {
            // Each kind is a caller of its own in the fair queue: a batch has writes of many users.
            caller::scope(Caller::of(&type_name::<W>()), run(items))
        });
        Self { batches, held: Semaphore::new(HELD_AT_ONCE) }
    }

    /// Adds a write to one of the next batches, and waits for its result.
    pub(super) async fn submit(&self, write: Arc<W>, db: &Database) -> Result<BatchResult<W::Outcome>, NotCoalesced> {
        self.batches.submit(Item { write, db: db.clone() }).await
    }

    /// The permit for a write that was left out of a batch. `None` only when the semaphore is closed, which never
    /// happens.
    pub(super) async fn held_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.held.acquire().await.ok()
    }
}

/// Writes a batch to the database of its items.
async fn run<W: BatchWrite>(items: Vec<Item<W>>) -> Vec<BatchResult<W::Outcome>> {
    let Some(Item { db, .. }) = items.first() else {
        return Vec::new();
    };
    let writes: Vec<&W> = items.iter().map(|item| &*item.write).collect();
    run::run(db, &writes).await
}
