//! The batches of each kind of write.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use resilience::{Caller, Coalesce, Coalescer, CoalescerOptions, NotCoalesced, caller};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{BatchResult, BatchWrite, run};
use crate::Database;

/// One batch at a time: two that meet at a hot row wait for each other, and each has half of what there is to do.
const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 64, waiting: 512 };
/// Writes that are tried again beside the batches: few at a time, as each takes a connection meanwhile.
const HELD_AT_ONCE: usize = 4;

/// The kinds of writes that came so far.
#[derive(Default)]
pub(crate) struct Kinds(RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Kinds {
    /// The kind that `W` is.
    pub(super) fn of<W: BatchWrite>(&self) -> Arc<Kind<W>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<W>()).map(Arc::clone);
        let kind = known.unwrap_or_else(|| {
            let mut kinds = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kinds.entry(TypeId::of::<W>()).or_insert_with(|| Arc::new(Kind::<W>::new())))
        });
        // It is under the type that it is of.
        kind.downcast().unwrap_or_else(|_| Arc::new(Kind::new()))
    }
}

/// Writes of one kind.
pub(super) struct Kind<W: BatchWrite> {
    batches: Coalescer<Item<W>, BatchResult<W::Outcome>>,
    held: Semaphore,
}

/// A write, and where it goes: what waits keeps the database open, the batches do not.
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
            // Each kind is a caller of its own where it takes turns with others: in a batch are writes of many.
            caller::scope(Caller::of(&type_name::<W>()), run(items))
        });
        Self { batches, held: Semaphore::new(HELD_AT_ONCE) }
    }

    /// Has a write done in one of the next batches.
    pub(super) async fn submit(&self, write: Arc<W>, db: &Database) -> Result<BatchResult<W::Outcome>, NotCoalesced> {
        self.batches.submit(Item { write, db: db.clone() }).await
    }

    /// The turn of a write that had to be left out of a batch. (`None` of a semaphore that is closed, which this is never.)
    pub(super) async fn turn_of_the_held(&self) -> Option<SemaphorePermit<'_>> {
        self.held.acquire().await.ok()
    }
}

/// Writes a batch into the database that its writes go to.
async fn run<W: BatchWrite>(items: Vec<Item<W>>) -> Vec<BatchResult<W::Outcome>> {
    let Some(Item { db, .. }) = items.first() else {
        return Vec::new();
    };
    let writes: Vec<&W> = items.iter().map(|item| &*item.write).collect();
    run::run(db, &writes).await
}
