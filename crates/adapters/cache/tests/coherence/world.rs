//! The simulated world: a store with its history, a log, and instances with one cache each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use cache::{Cache, CacheOptions, SharedEntries, Version};
use domain::UserId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use crate::journal::{Journal, Line};
use crate::state::State;

pub(crate) const INSTANCES: usize = 3;

/// Fault rates, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plan {
    /// Appends that fail, before or after the change is in the log.
    pub(crate) failing_appends: u32,
    /// Lost connections to the log.
    pub(crate) drops: u32,
    /// Followers that stall.
    pub(crate) stalls: u32,
    /// Writes with an unknown outcome, which commit at once, later, or never.
    pub(crate) lost_writes: u32,
    /// Loads without a current server.
    pub(crate) failing_loads: u32,
    /// Whether the log goes down and restarts, perhaps without its last entries.
    pub(crate) outages: bool,
    /// Whether instances share entries.
    pub(crate) shared: bool,
    /// The capacity of the tag table.
    pub(crate) tags: usize,
}

/// A write whose response was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) by: UserId,
    pub(crate) instance: usize,
    pub(crate) at: Instant,
    /// Its position in the log; `None` if it was not published.
    pub(crate) version: Option<Version>,
}

#[derive(Default)]
struct Instance {
    /// The latest commit that it knows of.
    watermark: usize,
    received: Version,
    confirmed: Option<Instant>,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) journal: Journal,
    history: Mutex<Vec<Arc<State>>>,
    answered: Mutex<HashMap<usize, Answered>>,
    /// The position of each user's last commit in the history.
    own: Mutex<HashMap<UserId, usize>>,
    /// The commit of each user's last write, if its outcome is known and it changed something.
    done: Mutex<HashMap<UserId, Option<usize>>>,
    instances: Mutex<Vec<Instance>>,
    caches: OnceLock<Vec<Cache>>,
    random: Mutex<StdRng>,
    began: Instant,
    pub(crate) loads: AtomicUsize,
    /// No more faults.
    pub(crate) is_calm: AtomicBool,
}

impl World {
    pub(crate) fn new(seed: u64, plan: Plan) -> Arc<Self> {
        let world = Arc::new(Self {
            plan,
            journal: Journal::default(),
            history: Mutex::new(vec![Arc::default()]),
            answered: Mutex::default(),
            own: Mutex::default(),
            done: Mutex::default(),
            instances: Mutex::new((0..INSTANCES).map(|_| Instance::default()).collect()),
            caches: OnceLock::new(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            began: Instant::now(),
            loads: AtomicUsize::new(0),
            is_calm: AtomicBool::new(false),
        });
        let entries: Arc<dyn SharedEntries> = Arc::new(SlowEntries { world: world.clone(), kept: Mutex::default() });
        let caches = (0..INSTANCES).map(|instance| {
            let options = CacheOptions { tags: plan.tags, compress_past: 200, ..CacheOptions::default() };
            let line = Arc::new(Line { world: world.clone(), instance });
            Cache::new(options, line, plan.shared.then(|| entries.clone()))
        });
        assert!(world.caches.set(caches.collect()).is_ok());
        world
    }

    pub(crate) fn caches(&self) -> &[Cache] {
        self.caches.get().unwrap()
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        self.random.lock().unwrap().random_range(0..end.max(1))
    }

    /// Whether an event of this rate, in thousandths, happens now.
    pub(crate) fn happens(&self, thousandths: u32) -> bool {
        self.below(1000) < thousandths as usize && !self.is_calm.load(Ordering::SeqCst)
    }

    /// Sleeps a random time of at most `milliseconds`.
    pub(crate) async fn pause(&self, milliseconds: usize) {
        let pause = self.below(milliseconds * 1000 + 1) as u64;
        sleep(Duration::from_micros(pause)).await;
    }

    pub(crate) fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap() + 1
    }

    pub(crate) fn latest(&self) -> usize {
        self.history.lock().unwrap().len() - 1
    }

    pub(crate) fn at(&self, position: usize) -> Arc<State> {
        self.history.lock().unwrap()[position].clone()
    }

    pub(crate) fn now(&self) -> Arc<State> {
        self.at(self.latest())
    }

    /// Commits `change`, unless it reports that nothing changed.
    pub(crate) fn commit<T>(
        &self,
        instance: usize,
        by: UserId,
        change: impl FnOnce(&mut State) -> (bool, T),
    ) -> (Option<usize>, T) {
        let mut history = self.history.lock().unwrap();
        let mut state = State::clone(history.last().unwrap());
        let (is_changed, outcome) = change(&mut state);
        let mut position = None;
        if is_changed {
            history.push(Arc::new(state));
            let last = history.len() - 1;
            drop(history);
            self.own.lock().unwrap().insert(by, last);
            self.know(instance, last);
            position = Some(last);
        }
        (position, outcome)
    }

    pub(crate) fn own(&self, user: UserId) -> usize {
        self.own.lock().unwrap().get(&user).copied().unwrap_or_default()
    }

    /// Notes the commit of the user's write.
    pub(crate) fn done(&self, by: UserId, position: Option<usize>) {
        self.done.lock().unwrap().insert(by, position);
    }

    /// Notes that a write of the user begins.
    pub(crate) fn begins(&self, by: UserId) {
        self.done(by, None);
        let _ = self.journal.failed_for(by);
    }

    /// Notes that the response to the user's last write was sent.
    pub(crate) fn answered(&self, instance: usize, by: UserId) {
        let Some(position) = self.done.lock().unwrap().get(&by).copied().flatten() else {
            return;
        };
        let is_announced = !self.journal.failed_for(by);
        let version = self.journal.seen(by).filter(|_| is_announced);
        let answered = Answered { by, instance, at: Instant::now(), version };
        self.answered.lock().unwrap().insert(position, answered);
    }

    /// The writes that a read beginning now must show.
    pub(crate) fn required(&self, instance: usize, reader: Option<UserId>) -> Vec<usize> {
        let instances = self.instances.lock().unwrap();
        let Instance { received, confirmed, .. } = &instances[instance];
        let follows = confirmed.is_some_and(|confirmed| confirmed.elapsed() < Duration::from_millis(99))
            && !self.caches()[instance].owes()
            && self.plan.failing_loads == 0;
        let answered = self.answered.lock().unwrap();
        let is_required = |write: &Answered| {
            let is_own = reader == Some(write.by) && (write.version.is_some() || write.instance == instance);
            let was_received = follows && write.version.is_some_and(|version| version <= *received);
            // 100 ms of silence, and up to 15 ms in which the follower was still processing the previous batch.
            let is_old = follows && write.version.is_some() && write.at.elapsed() > Duration::from_millis(115);
            is_own || was_received || is_old
        };
        let mut required: Vec<_> =
            answered.iter().filter(|(_, write)| is_required(write)).map(|(position, _)| *position).collect();
        required.sort_unstable();
        required
    }

    pub(crate) fn watermark(&self, instance: usize) -> usize {
        self.instances.lock().unwrap()[instance].watermark
    }

    pub(crate) fn know(&self, instance: usize, position: usize) {
        let known = &mut self.instances.lock().unwrap()[instance].watermark;
        *known = position.max(*known);
    }

    pub(crate) fn confirm_received(&self, instance: usize, version: Version) {
        self.instances.lock().unwrap()[instance].received = version;
    }

    pub(crate) fn confirm(&self, instance: usize) {
        self.instances.lock().unwrap()[instance].confirmed = Some(Instant::now());
    }

    pub(crate) fn unconfirm(&self, instance: usize) {
        self.instances.lock().unwrap()[instance].confirmed = None;
    }
}

/// Shared entries that are delayed, reordered or lost.
struct SlowEntries {
    world: Arc<World>,
    kept: Mutex<HashMap<String, Vec<u8>>>,
}

#[async_trait]
impl SharedEntries for SlowEntries {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.world.pause(3).await;
        let entry = self.kept.lock().unwrap().get(key).cloned();
        self.world.pause(3).await;
        entry.filter(|_| !self.world.happens(20) && self.world.journal.run().is_some())
    }

    async fn set(&self, key: &str, value: &[u8], _ttl: Duration) {
        self.world.pause(60).await;
        self.kept.lock().unwrap().insert(key.to_owned(), value.to_vec());
    }
}
