//! Work that would hold up everybody else, done aside and not too much of it at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use accounts::ports::HashingError;
use tokio::sync::Semaphore;
use tokio::task;

/// How many passwords are hashed at once, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// Hashed at once. Fewer than there are cores, so that a flood of log-ins slows log-ins and not reads.
    pub at_once: NonZeroUsize,
    /// Waiting for their turn; one more is refused as overload.
    pub waiting: usize,
}

impl HashingLimits {
    /// How many wait for each that is hashed, by default: some two seconds' worth, after which a client better tries
    /// again.
    const WAITING_FOR_EACH: usize = 64;

    /// For a machine of `cores` cores: half of them hash, and at least one does.
    pub fn for_cores(cores: NonZeroUsize) -> Self {
        let at_once = NonZeroUsize::new(cores.get() / 2).unwrap_or(NonZeroUsize::MIN);
        Self { at_once, waiting: at_once.get().saturating_mul(Self::WAITING_FOR_EACH) }
    }
}

impl Default for HashingLimits {
    /// For the cores that this process may use.
    fn default() -> Self {
        Self::for_cores(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// Runs blocking jobs aside, within [`HashingLimits`].
pub(crate) struct HashingQueue {
    /// A place for each job that runs or waits.
    places: Arc<Semaphore>,
    /// A turn for each job that runs.
    turns: Arc<Semaphore>,
}

impl HashingQueue {
    pub(crate) fn new(limits: HashingLimits) -> Self {
        let turns = limits.at_once.get().min(Semaphore::MAX_PERMITS);
        let places = turns.saturating_add(limits.waiting).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), turns: Arc::new(Semaphore::new(turns)) }
    }

    /// Waits for a turn, then runs `job` on a thread where it may block.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] at once when too many wait already; [`HashingError::Failed`] when the runtime ends
    /// before the job does, or the job panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HashingError::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|e| HashingError::Failed(e.into()))?;
        let running = task::spawn_blocking(move || {
            // Both go with the job: when the client hangs up the job goes on, and its turn is not another's yet.
            let _held = (place, turn);
            job()
        });
        running.await.map_err(|e| HashingError::Failed(e.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(at_once: usize, waiting: usize) -> Arc<HashingQueue> {
        Arc::new(HashingQueue::new(HashingLimits { at_once: NonZeroUsize::new(at_once).unwrap(), waiting }))
    }

    mod for_cores {
        use super::*;

        #[test]
        fn takes_half_of_the_cores_and_at_least_one() {
            let at_once = |cores| HashingLimits::for_cores(NonZeroUsize::new(cores).unwrap()).at_once.get();
            assert_eq!([1, 2, 3, 4, 16].map(at_once), [1, 1, 1, 2, 8]);
        }

        #[test]
        fn lets_64_wait_for_each() {
            assert_eq!(HashingLimits::for_cores(NonZeroUsize::new(8).unwrap()).waiting, 256);
        }
    }

    mod run {
        use super::*;
        use std::future::Future;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::sync::mpsc;
        use std::time::Duration;
        use tokio::task::JoinHandle;

        /// A job in its turn that ends when the sender is dropped.
        async fn occupy(queue: &Arc<HashingQueue>) -> (JoinHandle<Result<(), HashingError>>, mpsc::Sender<()>) {
            let (end, ended) = mpsc::channel::<()>();
            let (started, has_started) = tokio::sync::oneshot::channel();
            let queue = Arc::clone(queue);
            let job = tokio::spawn(async move {
                queue
                    .run(move || {
                        let _ = started.send(());
                        let _ = ended.recv();
                    })
                    .await
            });
            has_started.await.unwrap();
            (job, end)
        }

        async fn finishes<F: Future>(future: F) -> F::Output {
            tokio::time::timeout(Duration::from_secs(10), future).await.expect("it waits for ever")
        }

        #[tokio::test]
        async fn rejects_one_more_than_may_wait_and_takes_it_later() {
            let queue = queue(1, 1);
            let (running, end) = occupy(&queue).await;
            let mut waiting = Box::pin(queue.run(|| 1));
            assert!(polled_once(&mut waiting).await.is_none(), "the second waits");

            assert!(matches!(queue.run(|| 2).await, Err(HashingError::Overloaded)));

            drop(end);
            finishes(running).await.unwrap().unwrap();
            assert_eq!(finishes(waiting).await.unwrap(), 1);
            assert_eq!(finishes(queue.run(|| 3)).await.unwrap(), 3);
        }

        #[tokio::test]
        async fn gives_the_place_of_one_who_no_longer_waits_to_another() {
            let queue = queue(1, 1);
            let (_running, _end) = occupy(&queue).await;
            let mut waiting = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut waiting).await.is_none());

            drop(waiting);

            let mut next = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut next).await.is_none(), "it waits and is not refused");
        }

        #[tokio::test]
        async fn keeps_the_turn_of_a_cancelled_request_until_its_job_ends() {
            let queue = queue(1, 1);
            let (running, end) = occupy(&queue).await;
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());

            let mut waiting = Box::pin(queue.run(|| 1));
            assert!(polled_once(&mut waiting).await.is_none(), "the turn is not free");
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(polled_once(&mut waiting).await.is_none(), "the turn is not free");
            assert!(matches!(queue.run(|| 2).await, Err(HashingError::Overloaded)), "nor is the place");

            drop(end);
            assert_eq!(finishes(waiting).await.unwrap(), 1);
        }

        #[tokio::test]
        async fn never_runs_more_at_once_than_it_may() {
            let queue = queue(2, 100);
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let jobs: Vec<_> = (0..20)
                .map(|_| {
                    let (queue, now, most) = (Arc::clone(&queue), Arc::clone(&now), Arc::clone(&most));
                    tokio::spawn(async move {
                        queue
                            .run(move || {
                                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                                thread::sleep(Duration::from_millis(5));
                                now.fetch_sub(1, Ordering::SeqCst);
                            })
                            .await
                    })
                })
                .collect();
            for job in jobs {
                finishes(job).await.unwrap().unwrap();
            }
            assert_eq!(most.load(Ordering::SeqCst), 2);
        }

        #[tokio::test]
        async fn reports_a_job_that_panics_and_takes_the_next() {
            let queue = queue(1, 0);
            let result = queue.run(|| panic!("on purpose")).await;
            assert!(matches!(result, Err(HashingError::Failed(_))));
            assert_eq!(finishes(queue.run(|| 1)).await.unwrap(), 1);
        }

        /// What the future answers now, if it does.
        async fn polled_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
            std::future::poll_fn(|context| {
                std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                    std::task::Poll::Ready(output) => Some(output),
                    std::task::Poll::Pending => None,
                })
            })
            .await
        }
    }
}
