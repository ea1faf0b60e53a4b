//! Work that would hold up everybody else, done aside and not too much of it at once.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use accounts::ports::HashingError;
use resilience::{Gate, GateOptions};
use tokio::task;

/// How many passwords are hashed at once, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// Hashed at once. Fewer than there are cores, so that a flood of log-ins slows log-ins and not reads.
    pub at_once: NonZeroUsize,
    /// How long a password may be expected to wait for its turn; one that would wait longer is refused as overload.
    pub wait: Duration,
    /// Waiting for their turn at most, whatever they expect.
    pub waiting: usize,
}

impl HashingLimits {
    /// What people who log in put up with. A crowd that comes all at once is served in this time rather than refused.
    const WAIT: Duration = Duration::from_secs(5);
    /// More than can be hashed in that time on few cores; each keeps a request in memory.
    const WAITING: usize = 2048;
    /// About what a hash of the usual cost takes; what it really takes is measured.
    const EACH: Duration = Duration::from_millis(25);

    /// For a machine of `cores` cores: half of them hash, and at least one does.
    pub fn for_cores(cores: NonZeroUsize) -> Self {
        let at_once = NonZeroUsize::new(cores.get() / 2).unwrap_or(NonZeroUsize::MIN);
        Self { at_once, wait: Self::WAIT, waiting: Self::WAITING }
    }
}

impl Default for HashingLimits {
    /// For the cores that this process may use.
    fn default() -> Self {
        Self::for_cores(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// Runs blocking jobs aside, within [`HashingLimits`]. Callers take turns: one who guesses passwords waits behind their
/// own guesses.
pub(crate) struct HashingQueue(Gate);

impl HashingQueue {
    pub(crate) fn new(limits: HashingLimits) -> Self {
        Self(Gate::new(GateOptions {
            permits: limits.at_once.get(),
            // No job takes long.
            reserves: false,
            wait: limits.wait,
            waiting: limits.waiting,
            held_for: HashingLimits::EACH,
        }))
    }

    /// Waits for a turn, then runs `job` on a thread where it may block.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`], as a rule at once, when the job would wait too long; [`HashingError::Failed`] when the
    /// runtime ends before the job does, or the job panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let admitted = self.0.enter().await;
        let permit = admitted.map_err(|refused| HashingError::Overloaded { retry_after: refused.retry_after })?;
        let running = task::spawn_blocking(move || {
            // It goes with the job: when the client hangs up the job goes on, and its turn is not another's yet.
            let _permit = permit;
            job()
        });
        running.await.map_err(|e| HashingError::Failed(e.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn queue(at_once: usize, waiting: usize) -> Arc<HashingQueue> {
        let limits = HashingLimits::for_cores(NonZeroUsize::new(at_once * 2).unwrap());
        Arc::new(HashingQueue::new(HashingLimits { waiting, ..limits }))
    }

    mod for_cores {
        use super::*;

        #[test]
        fn takes_half_of_the_cores_and_at_least_one() {
            let at_once = |cores| HashingLimits::for_cores(NonZeroUsize::new(cores).unwrap()).at_once.get();
            assert_eq!([1, 2, 3, 4, 16].map(at_once), [1, 1, 1, 2, 8]);
        }
    }

    mod run {
        use super::*;
        use std::future::Future;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::sync::mpsc;
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
        async fn rejects_a_job_while_the_queue_is_full() {
            let queue = queue(1, 1);
            let (running, end) = occupy(&queue).await;
            let mut waiting = Box::pin(queue.run(|| 1));
            assert!(polled_once(&mut waiting).await.is_none(), "the second waits");

            assert!(matches!(queue.run(|| 2).await, Err(HashingError::Overloaded { .. })));

            drop(end);
            finishes(running).await.unwrap().unwrap();
            assert_eq!(finishes(waiting).await.unwrap(), 1);
            assert_eq!(finishes(queue.run(|| 3)).await.unwrap(), 3);
        }

        #[tokio::test]
        async fn frees_the_slot_of_a_cancelled_waiter() {
            let queue = queue(1, 1);
            let (_running, _end) = occupy(&queue).await;
            let mut waiting = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut waiting).await.is_none());

            drop(waiting);

            let mut next = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut next).await.is_none(), "it waits and is not refused");
        }

        #[tokio::test]
        async fn keeps_the_permit_of_a_cancelled_request_until_its_job_ends() {
            let queue = queue(1, 1);
            let (running, end) = occupy(&queue).await;
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());

            let mut waiting = Box::pin(queue.run(|| 1));
            assert!(polled_once(&mut waiting).await.is_none(), "the turn is not free");
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(polled_once(&mut waiting).await.is_none(), "the turn is not free");
            assert!(matches!(queue.run(|| 2).await, Err(HashingError::Overloaded { .. })), "nor is the place");

            drop(end);
            assert_eq!(finishes(waiting).await.unwrap(), 1);
        }

        #[tokio::test]
        async fn bounds_concurrent_jobs() {
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
        async fn alternates_between_callers() {
            let queue = queue(1, 100);
            let order = Arc::new(std::sync::Mutex::new(Vec::new()));
            let (running, end) = occupy(&queue).await;
            let mut waiting = Vec::new();
            for who in ["guesser", "guesser", "guesser", "ada"] {
                let (queue, done) = (Arc::clone(&queue), Arc::clone(&order));
                let job = async move { queue.run(move || done.lock().unwrap().push(who)).await };
                let mut job = Box::pin(resilience::caller::scope(resilience::Caller::of(&who), job));
                assert!(polled_once(&mut job).await.is_none());
                waiting.push(job);
            }
            drop(end);
            finishes(running).await.unwrap().unwrap();
            for result in finishes(futures_util::future::join_all(waiting)).await {
                result.unwrap();
            }
            assert_eq!(*order.lock().unwrap(), ["guesser", "ada", "guesser", "guesser"]);
        }

        #[tokio::test]
        async fn reports_a_job_that_panics_and_runs_the_next() {
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
