//! One load for all who want the same at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::known::stamp::Moment;

/// The loads that are under way.
///
/// A load belongs to all who wait for it: whoever of them is polled drives it, it goes on when the one who began it is
/// cancelled, and it ends, leaving nothing behind, when the last of them is.
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

/// A load to wait for.
pub(crate) struct Flight<T> {
    /// What had been learned when it began: all that is in what it brings.
    pub(crate) begun: Moment,
    /// Wait for this.
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

    /// Joins the load of `key` that is under way, or begins one.
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
            // Goes when the load is done, before anybody learns of it, and when it is given up.
            let _guard = guard;
            load.await
        };
        let load = load.boxed().shared();
        // There is none for a load that is done, which one that was never polled is not.
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

/// Takes a load off the list when it is over.
struct FlightGuard<K: Eq + Hash, T> {
    in_flight: Arc<Mutex<InFlight<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T> Drop for FlightGuard<K, T> {
    fn drop(&mut self) {
        let mut in_flight = lock(&self.in_flight);
        // The last who waited may have gone a moment before somebody began the next load.
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

        /// A load that brings how many were begun by then, once the gate opens.
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
        assert_eq!(scene.join().begun, Moment(2), "the next one begins anew");
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
