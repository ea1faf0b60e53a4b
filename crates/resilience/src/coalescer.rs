//! Work that comes at the same time is done together.
//!
//! What costs about the same for one as for many (a commit that waits for the disc, a command that crosses the network) is
//! shared by those who happen to want it at the same moment. Nobody waits for company: what comes when nothing is under way
//! is done at once and alone, and what comes meanwhile is the next batch.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How much is done together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescerOptions {
    /// Batches under way at once.
    pub lanes: usize,
    /// Most items of a batch.
    pub most: usize,
    /// Items that may wait for the next batch; one more is turned away at once.
    pub waiting: usize,
}

/// Why an item has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCoalesced {
    /// Too many wait: it was not begun.
    #[error("too many wait to be done together")]
    Full,
    /// Its batch broke off: nobody knows how far it came.
    #[error("the batch that it was part of broke off")]
    BrokenOff,
}

/// Something that can be done together with others.
pub trait Coalesce: Send + 'static {
    /// What two items that share a batch do not have in common.
    type Key: Hash + Eq + Clone + Send;

    /// That of this item, if it may not share a batch with every other. Items of one key are done one after the other, in
    /// the order in which they came.
    fn key(&self) -> Option<Self::Key>;
}

type Outcomes<O> = Pin<Box<dyn Future<Output = Vec<O>> + Send>>;

/// Does items in batches.
pub struct Coalescer<I: Coalesce, O>(Arc<Inner<I, O>>);

struct Inner<I: Coalesce, O> {
    options: CoalescerOptions,
    run: Box<dyn Fn(Vec<I>) -> Outcomes<O> + Send + Sync>,
    state: Mutex<State<I, O>>,
}

type Waiting<I, O> = (I, oneshot::Sender<O>);

struct State<I: Coalesce, O> {
    waiting: VecDeque<Waiting<I, O>>,
    /// Lanes at work.
    lanes: usize,
    /// Of the batches under way.
    keys: HashSet<I::Key>,
}

impl<T: Coalesce + Sync> Coalesce for Arc<T> {
    type Key = T::Key;

    fn key(&self) -> Option<T::Key> {
        T::key(self)
    }
}

impl<I: Coalesce, O: Send + 'static> Coalescer<I, O> {
    /// `run` does a batch, and answers the outcomes in the order of the items.
    pub fn new<F>(options: CoalescerOptions, run: impl Fn(Vec<I>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<O>> + Send + 'static,
    {
        let run = Box::new(move |items| -> Outcomes<O> { Box::pin(run(items)) });
        let state = Mutex::new(State { waiting: VecDeque::new(), lanes: 0, keys: HashSet::new() });
        Self(Arc::new(Inner { options, run, state }))
    }

    /// Has an item done, and answers what came of it. Who stops waiting before its batch begins has it left undone; after
    /// that it is done: batches run in tasks of their own, in the runtime of those who bring the items, so that nobody takes
    /// the others along.
    ///
    /// # Errors
    /// [`NotCoalesced`] when it was not done, or may not have been.
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

/// One of the batches under way, and those after it.
struct Lane<I: Coalesce, O: Send + 'static> {
    inner: Arc<Inner<I, O>>,
    /// Of the batch under way.
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
                // Who does not wait any more does not want to know.
                let _ = answer.send(outcome);
            }
        }
    }

    /// Those that came first, no two of a key, and none of a key that is under way. The lane is over when there are none;
    /// what still waits is for those that are under way.
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
            // At once with the look, lest somebody comes in between and counts on this lane.
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
            // The batch did. Those behind it go on in this lane's stead; without the lock, as a runtime that ends drops
            // the task here and now.
            drop(state);
            tokio::spawn(Self::new(&self.inner).work());
            return;
        }
        // Or the runtime ends. Where no other lane sees to those who wait, they are told.
        state.lanes -= 1;
        if state.lanes == 0 {
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests;
