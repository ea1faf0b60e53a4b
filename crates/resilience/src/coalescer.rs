//! Coalesces concurrent work into batches.
//!
//! It suits work whose cost hardly depends on the number of items: a commit that waits for the disc, a command that
//! crosses the network. Called by the adapters for the database (writes) and Redis (appends to the journal).
//!
//! Invariants:
//! - An item is never delayed to fill a batch. On an idle lane it runs at once and alone; items that arrive meanwhile
//!   form the next batch.
//! - Items with equal keys never share a batch, and run one after the other, in the order in which they were submitted.
//! - Dropping the future before the batch starts cancels the item. A batch that has started runs to its end, in its own
//!   task.
//! - Every waiter gets an outcome or an error.
//!
//! On failure: a batch that panics fails its own items only, and the next batch runs in a new task. When the runtime
//! of a lane shuts down, its waiters get [`NotCoalesced::BrokenOff`], unless another lane serves them.
//!
//! Tested in `coalescer/tests.rs`.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The limits of a coalescer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescerOptions {
    /// The number of concurrent batches; zero counts as one.
    pub lanes: usize,
    /// The largest batch, in items; zero counts as one.
    pub most: usize,
    /// The capacity of the queue, in items. Further items are rejected at once.
    pub waiting: usize,
}

/// Why an item has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCoalesced {
    /// The queue is full. The item was rejected, and did not run.
    #[error("too many items wait for a batch")]
    Full,
    /// The batch of the item ended early. Whether the item took effect is unknown.
    #[error("its batch was cancelled")]
    BrokenOff,
}

/// An item that can share a batch with others.
pub trait Coalesce: Send + 'static {
    /// Items with equal keys never share a batch.
    type Key: Hash + Eq + Clone + Send;

    /// The key of this item; `None` if it may share a batch with any other. Items with equal keys run one after the
    /// other, in the order in which they were submitted.
    fn key(&self) -> Option<Self::Key>;
}

type Outcomes<O> = Pin<Box<dyn Future<Output = Vec<O>> + Send>>;

/// Runs items in batches.
pub struct Coalescer<I: Coalesce, O>(Arc<Inner<I, O>>);

struct Inner<I: Coalesce, O> {
    options: CoalescerOptions,
    run: Box<dyn Fn(Vec<I>) -> Outcomes<O> + Send + Sync>,
    state: Mutex<State<I, O>>,
}

type Waiting<I, O> = (I, oneshot::Sender<O>);

struct State<I: Coalesce, O> {
    waiting: VecDeque<Waiting<I, O>>,
    /// The number of running lanes.
    lanes: usize,
    /// The keys of all batches in flight.
    keys: HashSet<I::Key>,
}

impl<T: Coalesce + Sync> Coalesce for Arc<T> {
    type Key = T::Key;

    fn key(&self) -> Option<T::Key> {
        T::key(self)
    }
}

impl<I: Coalesce, O: Send + 'static> Coalescer<I, O> {
    /// A coalescer whose batches are executed by `run`, which returns the outcomes in the order of the items.
    pub fn new<F>(options: CoalescerOptions, run: impl Fn(Vec<I>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<O>> + Send + 'static,
    {
        let run = Box::new(move |items| -> Outcomes<O> { Box::pin(run(items)) });
        let state = Mutex::new(State { waiting: VecDeque::new(), lanes: 0, keys: HashSet::new() });
        Self(Arc::new(Inner { options, run, state }))
    }

    /// Runs an item in a batch, and returns its outcome. Dropping the future before the batch starts cancels the item.
    /// After that the batch runs to its end: its task is spawned in the runtime of a submitter, and survives the
    /// cancellation of every submitter.
    ///
    /// # Errors
    /// [`NotCoalesced`] if the item did not run, or if its outcome is unknown.
    pub async fn submit(&self, item: I) -> Result<O, NotCoalesced> {
        let (answer, outcome) = oneshot::channel();
        {
            let mut state = self.0.state();
            if state.waiting.len() >= self.0.options.waiting {
                return Err(NotCoalesced::Full);
            }
            state.waiting.push_back((item, answer));
            if state.lanes < self.0.options.lanes.max(1) {
                state.lanes += 1;
                tokio::spawn(Lane::new(&self.0).work());
            }
        }
        outcome.await.map_err(|_| NotCoalesced::BrokenOff)
    }
}

impl<I: Coalesce, O> Inner<I, O> {
    fn state(&self) -> MutexGuard<'_, State<I, O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that runs one batch after the other, until none is left.
struct Lane<I: Coalesce, O: Send + 'static> {
    inner: Arc<Inner<I, O>>,
    /// The keys of its batch in flight.
    keys: Vec<I::Key>,
    has_begun: bool,
    is_over: bool,
}

impl<I: Coalesce, O: Send + 'static> Lane<I, O> {
    fn new(inner: &Arc<Inner<I, O>>) -> Self {
        Self { inner: Arc::clone(inner), keys: Vec::new(), has_begun: false, is_over: false }
    }

    async fn work(mut self) {
        self.has_begun = true;
        while let Some(batch) = self.next_batch() {
            let (items, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let outcomes = (self.inner.run)(items).await;
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // The waiter may have been cancelled.
                let _ = answer.send(outcome);
            }
        }
    }

    /// The oldest waiting items with distinct keys, of which none is in flight. If there are none, the lane ends.
    /// Items that still wait have a key in flight, and are taken by the lane of that key.
    fn next_batch(&mut self) -> Option<Vec<Waiting<I, O>>> {
        let mut state = self.inner.state();
        let State { waiting, lanes, keys } = &mut *state;
        for key in self.keys.drain(..) {
            keys.remove(&key);
        }
        let most = self.inner.options.most.max(1);
        let (mut batch, mut later) = (Vec::new(), VecDeque::new());
        while let Some((item, answer)) = waiting.pop_front() {
            if answer.is_closed() {
                continue;
            }
            match item.key() {
                Some(key) if keys.contains(&key) => later.push_back((item, answer)),
                key => {
                    keys.extend(key.clone());
                    self.keys.extend(key);
                    batch.push((item, answer));
                }
            }
            if batch.len() == most {
                break;
            }
        }
        later.append(waiting);
        *waiting = later;
        if batch.is_empty() {
            // Under the same lock as the check: an item submitted in between would otherwise rely on this lane.
            *lanes -= 1;
            self.is_over = true;
            return None;
        }
        Some(batch)
    }
}

impl<I: Coalesce, O: Send + 'static> Drop for Lane<I, O> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.inner.state();
        for key in self.keys.drain(..) {
            state.keys.remove(&key);
        }
        if self.has_begun && std::thread::panicking() && !state.waiting.is_empty() {
            // The batch panicked. A new lane takes over. Spawn it without the lock: a runtime that is shutting down
            // drops the new task right here, which takes the lock.
            drop(state);
            tokio::spawn(Self::new(&self.inner).work());
            return;
        }
        // Otherwise the runtime is shutting down. If no other lane runs, dropping the waiting items notifies their
        // waiters.
        state.lanes -= 1;
        if state.lanes == 0 {
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests;
