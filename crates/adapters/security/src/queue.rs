//! The queue of password hashing, which would otherwise block the worker threads.
//!
//! Invariants:
//! - Jobs run on blocking threads, at most [`HashingLimits::at_once`] at a time.
//! - Callers take turns: a caller who guesses passwords waits behind their own guesses.
//! - A permit is held until its job ends, even if the request is cancelled.
//!
//! On overload a job is rejected before it runs.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use accounts::ports::HashingError;
use resilience::{Gate, GateOptions, Overloaded};
use tokio::task;

/// The limits of password hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// The most concurrent jobs: fewer than cores, so that a flood of log-ins slows log-ins and not reads.
    pub at_once: NonZeroUsize,
    /// The longest expected wait of a job. A job that would wait longer is rejected.
    pub wait: Duration,
    /// The capacity of the queue, whatever the expected wait.
    pub waiting: usize,
}

impl HashingLimits {
    /// A wait that people accept at a log-in. A burst of log-ins is served within it rather than rejected.
    const WAIT: Duration = Duration::from_secs(5);
    /// More jobs than a few cores can hash in that time. Each keeps a request in memory.
    const WAITING: usize = 2048;
    /// The approximate time of a hash of the usual cost, until the real time is measured.
    const EACH: Duration = Duration::from_millis(25);

    /// The limits for `cores` cores: half of them hash, and at least one.
    pub fn for_cores(cores: NonZeroUsize) -> Self {
        let at_once = NonZeroUsize::new(cores.get() / 2).unwrap_or(NonZeroUsize::MIN);
        Self { at_once, wait: Self::WAIT, waiting: Self::WAITING }
    }
}

impl Default for HashingLimits {
    /// The limits for the cores available to this process.
    fn default() -> Self {
        Self::for_cores(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// Runs blocking jobs within [`HashingLimits`].
pub(crate) struct HashingQueue(Gate);

impl HashingQueue {
    pub(crate) fn new(limits: HashingLimits) -> Self {
        Self(Gate::new(GateOptions {
            permits: limits.at_once.get(),
            // Every job is short.
            reserves: false,
            wait: limits.wait,
            waiting: limits.waiting,
            held_for: HashingLimits::EACH,
        }))
    }

    /// Rejects a job that would wait too long now.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if the expected wait is too long.
    pub(crate) fn check(&self) -> Result<(), HashingError> {
        self.0.check().map_err(overloaded)
    }

    /// Waits for a permit, then runs `job` on a blocking thread.
    ///
    /// # Errors
    /// - [`HashingError::Overloaded`] if the job would wait too long, usually at once.
    /// - [`HashingError::Failed`] if the job panics, or the runtime shuts down before it ends.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let admitted = self.0.enter().await;
        let permit = admitted.map_err(overloaded)?;
        let running = task::spawn_blocking(move || {
            // The permit moves into the job. If the client hangs up, the job goes on and keeps its permit.
            let _permit = permit;
            job()
        });
        running.await.map_err(|e| HashingError::Failed(e.into()))
    }
}

fn overloaded(refused: Overloaded) -> HashingError {
    HashingError::Overloaded { retry_after: refused.retry_after }
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

        /// A running job that ends when the sender is dropped.
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
            tokio::time::timeout(Duration::from_secs(10), future).await.expect("it never finishes")
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
        async fn a_check_rejects_what_would_wait_too_long() {
            let limits = HashingLimits::for_cores(NonZeroUsize::MIN);
            let queue = Arc::new(HashingQueue::new(HashingLimits { wait: Duration::from_millis(1), ..limits }));
            let (_running, _end) = occupy(&queue).await;
            assert!(queue.check().is_ok(), "one may always wait");

            let mut waiting = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut waiting).await.is_none());

            assert!(matches!(queue.check(), Err(HashingError::Overloaded { .. })));
        }

        #[tokio::test]
        async fn frees_the_slot_of_a_cancelled_waiter() {
            let queue = queue(1, 1);
            let (_running, _end) = occupy(&queue).await;
            let mut waiting = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut waiting).await.is_none());

            drop(waiting);

            let mut next = Box::pin(queue.run(|| ()));
            assert!(polled_once(&mut next).await.is_none(), "it waits and is not rejected");
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
            assert!(matches!(queue.run(|| 2).await, Err(HashingError::Overloaded { .. })), "the slot is taken too");

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

        /// Polls the future once, and returns its output if it is ready.
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
