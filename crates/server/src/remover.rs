//! Removals of erased accounts and deleted content, in the background.
//!
//! Called by the use cases, when a request has hidden an account, a post or a comment. The request waits a moment, which is enough
//! for a small removal. A large one continues after the response. Called by the maintenance, to resume the rest.
//!
//! Invariants:
//! - A removal runs at most once at a time in this instance.
//! - Slices of awaited removals go first. Other removals pause for them before a slice, for at most 1 s.
//! - A few removals are resumed at a time, and another one when one ends.
//! - A removal that failed, or that another instance works on, is retried in the next scan, and blocks no other.
//! - Stopping lets slices end. The changes of a slice are known only at its end, so cutting one off would invalidate
//!   all cache entries.
//!
//! On failure of the store, no further removal is resumed until the next scan. When the server stops or dies, another
//! instance, or the next start, resumes the rest.
//!
//! Tested below.

use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::ports::AccountRemover;
use async_trait::async_trait;
use domain::{Cuid, PostId, UserId};
use posts::ports::PostRemover;
use removals::{CarryOut, CarryOutError, Removal, RemovalKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// How long a request waits for its removal, and other removals for an awaited one.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long stopping waits for slices in flight.
const STOPPING: Duration = Duration::from_secs(1);
/// With this many removals in flight, no others are resumed.
const RESUMED: usize = 4;
/// The most removals read from the store at a time.
const FOUND: u16 = 100;

/// Carries out removals, each in its own task.
#[derive(Clone)]
pub(crate) struct Remover(Arc<Inner>);

pub(crate) struct Inner {
    carry_out: CarryOut,
    /// The server's runtime, which outlives the worker threads.
    runtime: Handle,
    running: Mutex<HashMap<Removal, Option<AbortHandle>>>,
    /// Every task holds a receiver. Without receivers all tasks have ended.
    signals: watch::Sender<Signals>,
    /// Notified when a removal ends, unless the store failed.
    slot_freed: Notify,
}

#[derive(Default)]
struct Signals {
    /// The number of waiting requests.
    waiting: usize,
    stopping: bool,
}

impl Deref for Remover {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, HashMap<Removal, Option<AbortHandle>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remover {
    /// A remover without removals in flight, in the current runtime.
    pub(crate) fn new(carry_out: CarryOut) -> Self {
        Self(Arc::new(Inner {
            carry_out,
            runtime: Handle::current(),
            running: Mutex::default(),
            signals: watch::Sender::default(),
            slot_freed: Notify::new(),
        }))
    }

    /// Starts a removal. `None` if it is in flight in this instance, or the server is stopping.
    fn begin(&self, removal: Removal, is_waited_for: Arc<AtomicBool>) -> Option<JoinHandle<()>> {
        {
            let mut running = self.running();
            if self.signals.borrow().stopping || running.contains_key(&removal) {
                return None;
            }
            running.insert(removal, None);
        }
        let signals = self.signals.subscribe();
        let running = Running { remover: self.clone(), removal, is_waited_for, signals };
        let task = self.runtime.spawn(running.run_to_its_end());
        if let Some(handle) = self.running().get_mut(&removal) {
            *handle = Some(task.abort_handle());
        }
        Some(task)
    }

    /// Starts a removal, and waits for it, at most [`PATIENCE`].
    async fn hurry(&self, removal: Removal) {
        let waiting = Waiting::new(self);
        if let Some(task) = self.begin(removal, Arc::clone(&waiting.flag)) {
            // After the timeout the task goes on.
            let _ = timeout(PATIENCE, task).await;
        }
    }

    /// Resumes the unfinished removals of any instance: scans for them at once, and then every `period`.
    pub(crate) async fn resume_every(&self, period: Duration) {
        let mut interval = interval_at(Instant::now(), period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut scan = Scan::default();
        loop {
            tokio::select! {
                _ = interval.tick() => if scan.is_over() { scan = Scan::default() },
                () = self.slot_freed.notified() => {}
            }
            self.go_on(&mut scan).await;
        }
    }

    async fn go_on(&self, scan: &mut Scan) {
        let mut begun = 0;
        while self.running().len() < RESUMED {
            if scan.found.is_empty() && !scan.is_read {
                match self.carry_out.pending(scan.after, FOUND).await {
                    Ok(found) => scan.find(found),
                    Err(error) => tracing::warn!(%error, "cannot list pending removals; trying again later"),
                }
            }
            let Some(removal) = scan.found.pop_front() else {
                break;
            };
            begun += usize::from(self.begin(removal, Arc::default()).is_some());
        }
        if begun > 0 {
            tracing::info!(begun, "removals resumed");
        }
    }

    /// Starts no more slices, and waits at most [`STOPPING`] for those in flight.
    pub(crate) async fn stop(&self) {
        self.signals.send_modify(|signals| signals.stopping = true);
        if timeout(STOPPING, self.signals.closed()).await.is_err() {
            tracing::warn!("removals did not stop in time");
            self.abort();
        }
    }

    /// Aborts all removals. Slices in flight are rolled back.
    pub(crate) fn abort(&self) {
        let running: Vec<_> = self.running().drain().filter_map(|(_, task)| task).collect();
        for task in running {
            task.abort();
        }
    }
}

/// A scan over all unfinished removals, in the order of ids.
#[derive(Default)]
struct Scan {
    found: VecDeque<Removal>,
    after: Option<Cuid>,
    /// Whether the store has no more removals after those found.
    is_read: bool,
}

impl Scan {
    fn find(&mut self, found: Vec<Removal>) {
        self.is_read = found.len() < usize::from(FOUND);
        self.after = found.last().map(|removal| removal.id).or(self.after);
        self.found.extend(found);
    }

    fn is_over(&self) -> bool {
        self.found.is_empty() && self.is_read
    }
}

/// A request that waits for a removal.
struct Waiting<'r> {
    remover: &'r Remover,
    flag: Arc<AtomicBool>,
}

impl<'r> Waiting<'r> {
    fn new(remover: &'r Remover) -> Self {
        remover.signals.send_modify(|signals| signals.waiting += 1);
        Self { remover, flag: Arc::new(AtomicBool::new(true)) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.flag.store(false, Ordering::Relaxed);
        self.remover.signals.send_modify(|signals| signals.waiting -= 1);
    }
}

/// A removal in flight. Dropping it, even in a panic, unregisters the removal.
struct Running {
    remover: Remover,
    removal: Removal,
    is_waited_for: Arc<AtomicBool>,
    signals: watch::Receiver<Signals>,
}

impl Running {
    async fn run_to_its_end(self) {
        let (remover, removal) = (self.remover.clone(), self.removal);
        let goes_on = || turn(self.signals.clone(), self.is_waited_for.load(Ordering::Relaxed));
        let ended = remover.carry_out.execute_while(removal, goes_on).await;
        drop(self);
        // If the store failed, other removals would fail too. They wait for the next scan.
        if !matches!(ended, Err(CarryOutError::Repository(_))) {
            remover.slot_freed.notify_one();
        }
        if let Err(error) = ended {
            tracing::warn!(?removal, %error, "a removal was interrupted; it is resumed later");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.remover.running().remove(&self.removal);
    }
}

/// Waits for the turn of a removal's next slice. Returns whether the removal goes on.
async fn turn(mut signals: watch::Receiver<Signals>, is_waited_for: bool) -> bool {
    if !is_waited_for {
        // The wait is bounded, because there may always be a waiting request.
        let _ = timeout(PATIENCE, signals.wait_for(|signals| signals.stopping || signals.waiting == 0)).await;
    }
    !signals.borrow().stopping
}

#[async_trait]
impl AccountRemover for Remover {
    async fn remove(&self, account: UserId) {
        self.hurry(Removal { kind: RemovalKind::Account, id: account.cuid() }).await;
    }
}

#[async_trait]
impl PostRemover for Remover {
    async fn remove(&self, post: PostId) {
        self.hurry(Removal { kind: RemovalKind::Post, id: post.cuid() }).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::AtomicUsize;

    use domain::RepositoryError;
    use removals::ports::{Progress, RemovalRepository};

    use super::*;

    const SLICE: Duration = Duration::from_millis(20);

    /// A store in which a slice takes [`SLICE`].
    #[derive(Default)]
    struct Store {
        pending: Vec<Removal>,
        has_no_end: bool,
        panics: bool,
        /// Whether removals of posts get stuck.
        is_stuck: bool,
        /// How many of the first scans, and of the first slices, fail.
        failing: (AtomicUsize, AtomicUsize),
        begun: AtomicUsize,
        ended: AtomicUsize,
        done: Mutex<HashSet<Cuid>>,
        most_at_once: AtomicUsize,
    }

    impl Store {
        fn done(&self) -> MutexGuard<'_, HashSet<Cuid>> {
            self.done.lock().unwrap()
        }
    }

    fn fail(failing: &AtomicUsize) -> Result<(), RepositoryError> {
        let fewer = |failing: usize| failing.checked_sub(1);
        match failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer) {
            Ok(_) => Err(RepositoryError::unavailable("test", "lost")),
            Err(_) => Ok(()),
        }
    }

    #[async_trait]
    impl RemovalRepository for Store {
        async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError> {
            fail(&self.failing.0)?;
            let done = self.done();
            let is_left =
                |removal: &&Removal| !done.contains(&removal.id) && after.is_none_or(|after| removal.id > after);
            Ok(self.pending.iter().filter(is_left).copied().take(most.into()).collect())
        }

        async fn remove_some(&self, removal: Removal, _: u16) -> Result<Progress, RepositoryError> {
            assert!(!self.panics, "a test that panics");
            let in_flight = self.begun.fetch_add(1, Ordering::SeqCst) + 1 - self.ended.load(Ordering::SeqCst);
            self.most_at_once.fetch_max(in_flight, Ordering::SeqCst);
            tokio::time::sleep(SLICE).await;
            self.ended.fetch_add(1, Ordering::SeqCst);
            fail(&self.failing.1)?;
            let progress = match removal.kind {
                RemovalKind::Account if self.has_no_end => Progress::More,
                RemovalKind::Post if self.is_stuck => Progress::Stuck,
                _ => {
                    self.done().insert(removal.id);
                    Progress::Done
                }
            };
            Ok(progress)
        }
    }

    fn removal(kind: RemovalKind, number: usize) -> Removal {
        Removal { kind, id: Cuid::parse(&format!("r{number:023}")).unwrap() }
    }

    fn over(store: Store) -> (Remover, Arc<Store>) {
        let store = Arc::new(store);
        (Remover::new(CarryOut::new(Arc::clone(&store) as _)), store)
    }

    /// Resumes until `done` removals are done. Returns how long that took.
    async fn resume(remover: &Remover, store: &Store, done: usize) -> Duration {
        let begun = Instant::now();
        let all = async {
            while store.done().len() < done {
                tokio::time::sleep(SLICE).await;
            }
        };
        tokio::select! {
            () = remover.resume_every(Duration::from_secs(10)) => unreachable!("it never ends"),
            done = timeout(Duration::from_mins(1), all) => done.unwrap(),
        }
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_are_resumed_at_a_time() {
        let pending = (0..20).map(|number| removal(RemovalKind::Post, number)).collect();
        let (remover, store) = over(Store { pending, ..Store::default() });
        assert!(resume(&remover, &store, 20).await < Duration::from_secs(10), "in one walk");
        assert!(store.most_at_once.load(Ordering::SeqCst) <= RESUMED);
    }

    #[tokio::test(start_paused = true)]
    async fn stuck_removals_block_no_others() {
        let stuck = usize::from(FOUND) * 2;
        let mut pending: Vec<_> = (0..stuck).map(|number| removal(RemovalKind::Post, number)).collect();
        pending.extend((stuck..stuck + 10).map(|number| removal(RemovalKind::Comment, number)));
        let (remover, store) = over(Store { pending, is_stuck: true, ..Store::default() });
        assert!(resume(&remover, &store, 10).await < Duration::from_secs(10), "in one walk");
    }

    #[tokio::test(start_paused = true)]
    async fn failed_removals_wait_for_the_next_scan() {
        let pending = (0..20).map(|number| removal(RemovalKind::Post, number)).collect();
        // The first scan fails, and then the first slice of each removal in flight.
        let failing = (AtomicUsize::new(1), AtomicUsize::new(RESUMED));
        let (remover, store) = over(Store { pending, failing, ..Store::default() });
        // At 10 s some slices fail, at 20 s the scan goes on to its end, at 30 s there is another scan.
        assert!(resume(&remover, &store, 20).await >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_awaited_by_a_request_goes_first() {
        let (remover, store) = over(Store { has_no_end: true, ..Store::default() });
        for number in 0..3 {
            remover.begin(removal(RemovalKind::Account, number), Arc::default()).unwrap();
        }
        tokio::time::sleep(SLICE * 3).await;
        let before = store.begun.load(Ordering::SeqCst);
        for number in 3..8 {
            remover.hurry(removal(RemovalKind::Post, number)).await;
        }
        let meanwhile = store.begun.load(Ordering::SeqCst) - before - 5;
        assert!(meanwhile <= 5 * 3, "{meanwhile} slices of others");
        let waiting = Waiting::new(&remover);
        tokio::time::sleep(SLICE * 2).await;
        let before = store.begun.load(Ordering::SeqCst);
        tokio::time::sleep(SLICE * 10).await;
        assert_eq!(store.begun.load(Ordering::SeqCst), before, "others wait");
        drop(waiting);
        tokio::time::sleep(SLICE * 3).await;
        assert!(store.begun.load(Ordering::SeqCst) > before, "the others go on");
        remover.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_lets_slices_end_and_starts_no_more() {
        let (remover, store) = over(Store { has_no_end: true, ..Store::default() });
        remover.begin(removal(RemovalKind::Account, 1), Arc::default()).unwrap();
        tokio::time::sleep(SLICE / 2).await;
        remover.stop().await;
        let counts = || (store.begun.load(Ordering::SeqCst), store.ended.load(Ordering::SeqCst));
        let at_the_stop = counts();
        assert_eq!(at_the_stop.0, at_the_stop.1, "none was cut off");
        tokio::time::sleep(SLICE * 3).await;
        assert_eq!(counts(), at_the_stop);
        assert!(remover.begin(removal(RemovalKind::Account, 2), Arc::default()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_panicking_removal_frees_its_slot() {
        let (remover, _) = over(Store { panics: true, ..Store::default() });
        let task = remover.begin(removal(RemovalKind::Account, 1), Arc::default()).unwrap();
        assert!(task.await.unwrap_err().is_panic());
        assert!(remover.running().is_empty());
        assert!(timeout(SLICE, remover.slot_freed.notified()).await.is_err(), "it is not resumed at once");
    }
}
