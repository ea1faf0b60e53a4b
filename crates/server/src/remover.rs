//! Removals under way, beside the requests.
//!
//! A request that hides something waits a moment for its removal: what is small is gone by then. What is not goes on after
//! the answer. What is left when the server stops, or dies, is taken up by another instance, or at the next start.
//!
//! - Slices that a request waits for go before others; these wait no longer than a request would.
//! - A few removals are taken up at a time, and another when one ends.
//! - A removal that failed, or that somebody else is at, is taken up again at the next look, and not before.
//! - A stop lets slices end: what a slice changed is only known when it ends, so one that is cut off costs all cache entries.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::ports::AccountRemover;
use async_trait::async_trait;
use domain::{PostId, UserId};
use posts::ports::PostRemover;
use removals::{CarriedOut, CarryOut, Removal, RemovalKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// How long a request waits for the removal of what it has hidden.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a stop waits for slices that are under way.
const STOPPING: Duration = Duration::from_secs(1);
/// Removals under way with which no others are taken up.
const RESUMED: usize = 4;
/// Removals among which those are looked for that are neither under way nor just failed.
const LOOKED_AT: u16 = 100;

/// Carries out removals, each in a task of its own.
#[derive(Clone)]
pub(crate) struct Remover(Arc<Inner>);

pub(crate) struct Inner {
    carry_out: CarryOut,
    /// It outlives the threads that answer requests.
    runtime: Handle,
    tasks: Mutex<Tasks>,
    /// Every task holds a receiver: when there is none, all have ended.
    signals: watch::Sender<Signals>,
    /// A removal that nobody waits for has ended.
    has_room: Notify,
}

#[derive(Default)]
struct Tasks {
    running: HashMap<Removal, Option<AbortHandle>>,
    /// Those that ended without being done, since the last look.
    left_off: HashSet<Removal>,
}

#[derive(Default)]
struct Signals {
    /// Requests that wait.
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
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remover {
    /// Nothing is removed yet.
    pub(crate) fn new(carry_out: CarryOut) -> Self {
        Self(Arc::new(Inner {
            carry_out,
            runtime: Handle::current(),
            tasks: Mutex::default(),
            signals: watch::Sender::default(),
            has_room: Notify::new(),
        }))
    }

    /// Begins a removal; `None` if it is under way here, or the server stops.
    fn begin(&self, removal: Removal, is_waited_for: Arc<AtomicBool>) -> Option<JoinHandle<()>> {
        {
            let mut tasks = self.tasks();
            if self.signals.borrow().stopping || tasks.running.contains_key(&removal) {
                return None;
            }
            tasks.running.insert(removal, None);
        }
        let signals = self.signals.subscribe();
        let mut running = Running { remover: self.clone(), removal, is_waited_for, signals, is_done: false };
        let task = self.runtime.spawn(async move { running.carry_out().await });
        if let Some(handle) = self.tasks().running.get_mut(&removal) {
            *handle = Some(task.abort_handle());
        }
        Some(task)
    }

    /// Begins a removal, and waits until it is done or has taken a moment.
    async fn hurry(&self, removal: Removal) {
        let waiting = Waiting::new(self);
        if let Some(task) = self.begin(removal, Arc::clone(&waiting.flag)) {
            // It goes on by itself.
            let _ = timeout(PATIENCE, task).await;
        }
    }

    /// Takes up what was left off, by whomever: at once, then every `period`, and as others end.
    pub(crate) async fn resume_every(&self, period: Duration) {
        let mut interval = interval_at(Instant::now(), period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = interval.tick() => self.tasks().left_off.clear(),
                () = self.has_room.notified() => {}
            }
            self.resume().await;
        }
    }

    async fn resume(&self) {
        if self.tasks().running.len() >= RESUMED {
            return;
        }
        let pending = match self.carry_out.pending(LOOKED_AT).await {
            Ok(pending) => pending,
            Err(error) => return tracing::warn!(%error, "removals not looked for; next try in a moment"),
        };
        let mut begun = 0;
        for removal in pending {
            let (under_way, was_left_off) = {
                let tasks = self.tasks();
                (tasks.running.len(), tasks.left_off.contains(&removal))
            };
            if under_way >= RESUMED {
                break;
            }
            if !was_left_off && self.begin(removal, Arc::default()).is_some() {
                begun += 1;
            }
        }
        if begun > 0 {
            tracing::info!(begun, "removals taken up");
        }
    }

    /// Begins no more slices, and waits a moment until those under way have ended.
    pub(crate) async fn stop(&self) {
        self.signals.send_modify(|signals| signals.stopping = true);
        if timeout(STOPPING, self.signals.closed()).await.is_err() {
            tracing::warn!("removals did not leave off in time");
            self.abort();
        }
    }

    /// Leaves off all removals: nothing of a slice that is under way is kept.
    pub(crate) fn abort(&self) {
        let running: Vec<_> = self.tasks().running.drain().filter_map(|(_, task)| task).collect();
        for task in running {
            task.abort();
        }
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

/// A removal under way. However it ends, by a panic too, it is then no longer.
struct Running {
    remover: Remover,
    removal: Removal,
    is_waited_for: Arc<AtomicBool>,
    signals: watch::Receiver<Signals>,
    is_done: bool,
}

impl Running {
    async fn carry_out(&mut self) {
        let Self { remover, removal, is_waited_for, signals, .. } = &*self;
        let goes_on = || turn(signals.clone(), is_waited_for.load(Ordering::Relaxed));
        let ended = remover.carry_out.execute_while(*removal, goes_on).await;
        if let Err(error) = &ended {
            tracing::warn!(?removal, %error, "a removal was left off; it is taken up again in a moment");
        }
        self.is_done = matches!(ended, Ok(CarriedOut::Done));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        {
            let mut tasks = self.remover.tasks();
            tasks.running.remove(&self.removal);
            if !self.is_done {
                tasks.left_off.insert(self.removal);
            }
        }
        if !self.is_waited_for.load(Ordering::Relaxed) {
            self.remover.has_room.notify_one();
        }
    }
}

/// Waits until it is the turn of a removal's next slice; answers whether it is to go on.
async fn turn(mut signals: watch::Receiver<Signals>, is_waited_for: bool) -> bool {
    if !is_waited_for {
        // There may always be somebody who waits.
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
    use std::sync::atomic::AtomicUsize;

    use domain::{Cuid, RepositoryError};
    use removals::ports::{Progress, RemovalRepository, Slice, Touched};

    use super::*;

    const SLICE: Duration = Duration::from_millis(20);

    /// A store of which a slice takes a moment.
    #[derive(Default)]
    struct Store {
        pending: Vec<Removal>,
        has_no_end: bool,
        panics: bool,
        begun: AtomicUsize,
        ended: AtomicUsize,
        most_at_once: AtomicUsize,
    }

    #[async_trait]
    impl RemovalRepository for Store {
        async fn pending(&self, most: u16) -> Result<Vec<Removal>, RepositoryError> {
            let ended = self.ended.load(Ordering::SeqCst).min(self.pending.len());
            Ok(self.pending[ended..].iter().copied().take(most.into()).collect())
        }

        async fn remove_some(&self, removal: Removal, _: u16) -> Result<Slice, RepositoryError> {
            assert!(!self.panics, "a test that panics");
            let under_way = self.begun.fetch_add(1, Ordering::SeqCst) + 1 - self.ended.load(Ordering::SeqCst);
            self.most_at_once.fetch_max(under_way, Ordering::SeqCst);
            tokio::time::sleep(SLICE).await;
            self.ended.fetch_add(1, Ordering::SeqCst);
            let goes_on = self.has_no_end && removal.kind == RemovalKind::Account;
            let progress = if goes_on { Progress::More } else { Progress::Done };
            Ok(Slice { progress, touched: Touched::default(), by: None })
        }
    }

    fn removal(kind: RemovalKind, number: usize) -> Removal {
        Removal { kind, id: Cuid::parse(&format!("r{number:023}")).unwrap() }
    }

    fn over(store: Store) -> (Remover, Arc<Store>) {
        let store = Arc::new(store);
        (Remover::new(CarryOut::new(Arc::clone(&store) as _)), store)
    }

    #[tokio::test]
    async fn a_few_are_taken_up_at_a_time_and_others_as_they_end() {
        let pending = (0..20).map(|number| removal(RemovalKind::Post, number)).collect();
        let (remover, store) = over(Store { pending, ..Store::default() });
        let resuming = remover.resume_every(Duration::from_hours(1));
        let all = async {
            while store.ended.load(Ordering::SeqCst) < 20 {
                tokio::time::sleep(SLICE).await;
            }
        };
        tokio::select! {
            () = resuming => unreachable!("it goes on for ever"),
            done = timeout(Duration::from_secs(10), all) => done.unwrap(),
        }
        assert!(store.most_at_once.load(Ordering::SeqCst) <= RESUMED);
    }

    #[tokio::test]
    async fn a_removal_that_a_request_waits_for_goes_first() {
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
        assert!(store.begun.load(Ordering::SeqCst) > before, "and go on");
        remover.stop().await;
    }

    #[tokio::test]
    async fn a_stop_lets_slices_end_and_begins_no_more() {
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

    #[tokio::test]
    async fn one_that_panics_is_under_way_no_longer() {
        let (remover, _) = over(Store { panics: true, ..Store::default() });
        let task = remover.begin(removal(RemovalKind::Account, 1), Arc::default()).unwrap();
        assert!(task.await.unwrap_err().is_panic());
        let tasks = remover.tasks();
        assert!(tasks.running.is_empty());
        assert_eq!(tasks.left_off.len(), 1, "and is not taken up again at once");
    }
}
