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
mod tests {
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Item(u32, u32);

    impl Coalesce for Item {
        type Key = u32;

        fn key(&self) -> Option<u32> {
            Some(self.0)
        }
    }

    /// Batches wait for a permit each, and are written down.
    struct Scene {
        coalescer: Arc<Coalescer<Item, u32>>,
        gate: Arc<Semaphore>,
        batches: Arc<Mutex<Vec<Vec<Item>>>>,
    }

    const PANIC: u32 = 666;

    impl Scene {
        fn new(options: CoalescerOptions) -> Self {
            let gate = Arc::new(Semaphore::new(0));
            let batches = Arc::new(Mutex::new(Vec::new()));
            let (passes, done) = (Arc::clone(&gate), Arc::clone(&batches));
            let run = move |items: Vec<Item>| {
                let (passes, done) = (Arc::clone(&passes), Arc::clone(&done));
                async move {
                    passes.acquire().await.unwrap().forget();
                    assert!(items.iter().all(|item| item.1 != PANIC));
                    done.lock().unwrap().push(items.clone());
                    items.iter().map(|item| item.1 * 10).collect()
                }
            };
            Self { coalescer: Arc::new(Coalescer::new(options, run)), gate, batches }
        }

        async fn submit(&self, item: Item) -> JoinHandle<Result<u32, NotCoalesced>> {
            let coalescer = Arc::clone(&self.coalescer);
            let waiting = tokio::spawn(async move { coalescer.submit(item).await });
            for _ in 0..5 {
                yield_now().await;
            }
            waiting
        }

        fn batches(&self) -> Vec<Vec<u32>> {
            let batches = self.batches.lock().unwrap();
            batches.iter().map(|batch| batch.iter().map(|item| item.1).collect()).collect()
        }
    }

    const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 3, waiting: 5 };

    #[tokio::test]
    async fn what_comes_meanwhile_is_the_next_batch() {
        let s = Scene::new(OPTIONS);
        let mut waiting = Vec::new();
        for number in 0..6 {
            waiting.push(s.submit(Item(number, number)).await);
        }
        s.gate.add_permits(100);
        for (number, waiting) in (0..).zip(waiting) {
            assert_eq!(waiting.await.unwrap(), Ok(number * 10));
        }
        assert_eq!(s.batches(), [vec![0], vec![1, 2, 3], vec![4, 5]]);
        assert_eq!(s.submit(Item(7, 7)).await.await.unwrap(), Ok(70), "and it begins anew");
    }

    #[tokio::test]
    async fn what_has_a_key_in_common_is_done_one_after_the_other() {
        let s = Scene::new(OPTIONS);
        let mut waiting = Vec::new();
        for (number, key) in (0..).zip([0, 1, 1, 2, 1]) {
            waiting.push(s.submit(Item(key, number)).await);
        }
        s.gate.add_permits(100);
        for waiting in waiting {
            waiting.await.unwrap().unwrap();
        }
        assert_eq!(s.batches(), [vec![0], vec![1, 3], vec![2], vec![4]]);
    }

    #[tokio::test]
    async fn several_batches_may_be_under_way() {
        let s = Scene::new(CoalescerOptions { lanes: 2, ..OPTIONS });
        for number in 0..4 {
            drop(s.submit(Item(number, number)).await);
        }
        assert_eq!(s.coalescer.0.state().waiting.len(), 2);
    }

    #[tokio::test]
    async fn nothing_overtakes_what_has_its_key_and_is_under_way() {
        let s = Scene::new(CoalescerOptions { lanes: 2, ..OPTIONS });
        let mut waiting = Vec::new();
        for (number, key) in (0..).zip([0, 0, 1, 0]) {
            waiting.push(s.submit(Item(key, number)).await);
        }
        assert_eq!(s.coalescer.0.state().waiting.len(), 2, "the second lane took what has another key");
        s.gate.add_permits(100);
        for waiting in waiting {
            waiting.await.unwrap().unwrap();
        }
        let of_key = |number| s.batches().iter().position(|batch| batch.contains(&number));
        assert!(of_key(0) < of_key(1) && of_key(1) < of_key(3));
    }

    #[tokio::test]
    async fn the_end_of_the_runtime_leaves_nobody_waiting() {
        let s = Scene::new(OPTIONS);
        let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let coalescer = Arc::clone(&s.coalescer);
        let first = std::thread::spawn(move || {
            let first = other.spawn(async move { coalescer.submit(Item(0, 0)).await });
            other.block_on(async {
                for _ in 0..5 {
                    yield_now().await;
                }
            });
            drop(other);
            first
        });
        let behind = s.submit(Item(1, 1)).await;
        drop(first.join().unwrap());
        s.gate.add_permits(100);
        assert!(matches!(behind.await.unwrap(), Ok(10) | Err(NotCoalesced::BrokenOff)));
        assert_eq!(s.submit(Item(0, 2)).await.await.unwrap(), Ok(20), "and its key is free");
    }

    #[tokio::test]
    async fn too_many_are_turned_away() {
        let s = Scene::new(OPTIONS);
        for number in 0..6 {
            drop(s.submit(Item(number, number)).await);
        }
        assert_eq!(s.submit(Item(9, 9)).await.await.unwrap(), Err(NotCoalesced::Full));
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_nobody_along() {
        let s = Scene::new(OPTIONS);
        let first = s.submit(Item(0, 0)).await;
        let second = s.submit(Item(1, 1)).await;
        let third = s.submit(Item(2, 2)).await;
        first.abort();
        second.abort();
        for _ in 0..5 {
            yield_now().await;
        }
        s.gate.add_permits(100);
        assert_eq!(third.await.unwrap(), Ok(20));
        assert_eq!(s.batches(), [vec![0], vec![2]], "what had begun is done all the same");
    }

    #[tokio::test]
    async fn a_batch_that_breaks_off_takes_nobody_along() {
        let s = Scene::new(OPTIONS);
        let broken = s.submit(Item(0, PANIC)).await;
        let behind = s.submit(Item(1, 1)).await;
        s.gate.add_permits(100);
        assert_eq!(broken.await.unwrap(), Err(NotCoalesced::BrokenOff));
        assert_eq!(behind.await.unwrap(), Ok(10));
        assert_eq!(s.submit(Item(0, 2)).await.await.unwrap(), Ok(20), "and its key is free");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn everyone_gets_the_outcome_of_their_own() {
        let run = |items: Vec<Item>| async move {
            tokio::time::sleep(Duration::from_micros(50)).await;
            items.iter().map(|item| item.1 + 1).collect()
        };
        let options = CoalescerOptions { lanes: 2, most: 16, waiting: 10_000 };
        let coalescer = Arc::new(Coalescer::new(options, run));
        let tasks: Vec<_> = (0..2000)
            .map(|number| {
                let coalescer = Arc::clone(&coalescer);
                tokio::spawn(async move { coalescer.submit(Item(number % 40, number)).await })
            })
            .collect();
        for (number, task) in (0..).zip(tasks) {
            assert_eq!(task.await.unwrap(), Ok(number + 1));
        }
    }
}
