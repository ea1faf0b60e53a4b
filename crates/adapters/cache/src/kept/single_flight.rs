//! Single flight: concurrent reads of one key share one load.
//!
//! Invariants:
//! - A load belongs to all its waiters. Whichever is polled drives it.
//! - A load survives the cancellation of any waiter but the last. Cancelling the last one drops it and frees the key.
//! - The key is free before any waiter sees the result. A later reader starts a new load.
//!
//! Tested below.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::known::stamp::Moment;

/// The loads in flight.
pub(crate) struct SingleFlight<K, T> {
    in_flight: Arc<Mutex<InFlight<K, T>>>,
}

struct InFlight<K, T> {
    loads: HashMap<K, Load<T>>,
    begun: u64,
}

struct Load<T> {
    number: u64,
    begun: Moment,
    waited_for: WeakShared<BoxFuture<'static, T>>,
}

/// A load in flight.
pub(crate) struct Flight<T> {
    /// The moment at which it began. Its result includes every change up to then.
    pub(crate) begun: Moment,
    /// Resolves to the result of the load.
    pub(crate) load: Shared<BoxFuture<'static, T>>,
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self { in_flight: Arc::new(Mutex::new(InFlight { loads: HashMap::new(), begun: 0 })) }
    }

    /// Joins the load of `key` in flight, or starts one with `begin`.
    pub(crate) fn join(&self, key: &K, begin: impl FnOnce() -> (Moment, BoxFuture<'static, T>)) -> Flight<T> {
        let mut in_flight = lock(&self.in_flight);
        if let Some(known) = in_flight.loads.get(key)
            && let Some(load) = known.waited_for.upgrade()
        {
            return Flight { begun: known.begun, load };
        }
        in_flight.begun += 1;
        let number = in_flight.begun;
        let guard = FlightGuard { in_flight: self.in_flight.clone(), key: key.clone(), number };
        let (begun, load) = begin();
        let load = async move {
            // Dropped when the load is done, before any waiter sees the result, or when it is cancelled.
            let _guard = guard;
            load.await
        };
        let load = load.boxed().shared();
        // `downgrade` is `None` only for a completed load, and this one was never polled.
        if let Some(weak) = load.downgrade() {
            in_flight.loads.insert(key.clone(), Load { number, begun, waited_for: weak });
        }
        Flight { begun, load }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.in_flight).loads.len()
    }
}

/// Frees the key when its load ends.
struct FlightGuard<K: Eq + Hash, T> {
    in_flight: Arc<Mutex<InFlight<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T> Drop for FlightGuard<K, T> {
    fn drop(&mut self) {
        let mut in_flight = lock(&self.in_flight);
        // Another caller may have started the next load between the last cancellation and this drop.
        if in_flight.loads.get(&self.key).is_some_and(|load| load.number == self.number) {
            in_flight.loads.remove(&self.key);
        }
    }
}

fn lock<K, T>(in_flight: &Mutex<InFlight<K, T>>) -> MutexGuard<'_, InFlight<K, T>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    struct Scene {
        single_flight: SingleFlight<u8, usize>,
        begun: Arc<AtomicUsize>,
        gate: Arc<Notify>,
    }

    impl Scene {
        fn new() -> Self {
            Self { single_flight: SingleFlight::new(), begun: Arc::default(), gate: Arc::default() }
        }

        /// A load that returns its number once the gate opens.
        fn join(&self) -> Flight<usize> {
            self.single_flight.join(&7, || {
                let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
                let gate = self.gate.clone();
                let load = async move {
                    gate.notified().await;
                    number
                };
                (Moment(number as u64), load.boxed())
            })
        }
    }

    #[tokio::test]
    async fn concurrent_callers_share_one_load() {
        let scene = Scene::new();
        let (one, other) = (scene.join(), scene.join());
        assert_eq!((one.begun, other.begun), (Moment(1), Moment(1)));
        scene.gate.notify_one();
        assert_eq!(futures_util::join!(one.load, other.load), (1, 1));
        assert_eq!(scene.single_flight.count(), 0);
        assert_eq!(scene.join().begun, Moment(2), "the next caller starts a new load");
    }

    #[tokio::test]
    async fn survives_the_cancellation_of_its_first_caller() {
        let scene = Scene::new();
        let (first, second) = (scene.join(), scene.join());
        let begun = tokio::spawn(first.load);
        tokio::task::yield_now().await;
        begun.abort();
        assert!(begun.await.unwrap_err().is_cancelled());
        scene.gate.notify_one();
        assert_eq!(second.load.await, 1);
        assert_eq!(scene.single_flight.count(), 0);
    }

    #[tokio::test]
    async fn is_dropped_with_its_last_caller() {
        let scene = Scene::new();
        let flight = scene.join();
        let waiting = tokio::spawn(flight.load);
        tokio::task::yield_now().await;
        assert_eq!(scene.single_flight.count(), 1);
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(scene.single_flight.count(), 0, "the key is free");
        let again = scene.join();
        scene.gate.notify_one();
        assert_eq!(again.load.await, 2);
    }
}
