//! The state of the cache, and its interface to the follower of the change log.
//!
//! Invariants:
//! - Entries are used only in a confirmed session with nothing unpublished (`Cache::current_session`).
//! - A change gets its [`Moment`] before it is marked. A load that begins later has the same or a later moment.
//! - A new session starts with an empty tag table and no entries in the process.
//!
//! Tested in `kept/read/tests.rs` and `published/announce/tests.rs`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::RepositoryError;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::kept::entry::Entry;
use crate::kept::key::Key;
use crate::kept::local::LocalEntries;
use crate::kept::shared::SharedEntries;
use crate::kept::single_flight::SingleFlight;
use crate::known::log::ChangeLog;
use crate::known::session::Session;
use crate::known::stamp::Moment;
use crate::known::version::Version;
use crate::metrics::{self, Reads};
use crate::options::CacheOptions;
use crate::published::change::Change;
use crate::published::debt::Debt;
use crate::published::doubts::Doubts;

/// The wait after a failed repair before the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

/// The result of a load, shared by all its waiters.
pub(crate) type Outcome = Result<Fetched, Arc<RepositoryError>>;

#[derive(Clone)]
pub(crate) struct Fetched {
    pub(crate) entry: Arc<Entry>,
    /// Whether its server had every change received before the load began.
    pub(crate) is_current: bool,
}

/// The cache entries in the process and shared, and the changes that invalidate them.
///
/// One task feeds it from the log, in the log's order: [`connected`](Self::connected), then
/// [`received`](Self::received) for every change and [`caught_up`](Self::caught_up) for every heartbeat, until
/// [`lost`](Self::lost). A log that is private to the instance ([`ChangeLog::is_private`]) needs no such task.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

struct Inner {
    options: CacheOptions,
    log: Arc<dyn ChangeLog>,
    shared: Option<Arc<dyn SharedEntries>>,
    local: LocalEntries,
    single_flight: SingleFlight<Key, Outcome>,
    session: RwLock<Option<Arc<Session>>>,
    sessions: AtomicU64,
    /// Changes that this instance has learned of, counted just before they are marked.
    learned: AtomicU64,
    /// How many of them are marked.
    marked: AtomicU64,
    /// Runs background tasks. It outlives the requests and their worker threads.
    runtime: Option<Handle>,
    debt: Debt,
    doubts: Doubts,
    reads: Reads,
}

impl Cache {
    /// An empty cache. Unless `log` is private, it is bypassed until the log is connected and caught up with.
    pub fn new(options: CacheOptions, log: Arc<dyn ChangeLog>, shared: Option<Arc<dyn SharedEntries>>) -> Self {
        let is_private = log.is_private();
        let local = LocalEntries::new(options.capacity);
        let cache = Self {
            inner: Arc::new(Inner {
                options,
                log,
                shared,
                local,
                single_flight: SingleFlight::new(),
                session: RwLock::default(),
                sessions: AtomicU64::new(0),
                learned: AtomicU64::new(0),
                marked: AtomicU64::new(0),
                runtime: Handle::try_current().ok(),
                debt: Debt::default(),
                doubts: Doubts::default(),
                reads: Reads::new(),
            }),
        };
        if is_private {
            cache.connected("", Version::ZERO);
            metrics::following(true);
        }
        cache
    }

    /// The log is connected and will now replay what it retained, which is every change after `complete_since`. Drops
    /// all entries in the process, and bypasses the cache until [`caught_up`](Self::caught_up). `run_id` identifies the
    /// run of the log's server.
    pub fn connected(&self, run_id: &str, complete_since: Version) {
        let id = self.inner.sessions.fetch_add(1, Ordering::SeqCst) + 1;
        let session = Arc::new(Session::new(id, run_id, self.inner.options.tags, complete_since));
        *self.inner.session.write().unwrap_or_else(PoisonError::into_inner) = Some(session);
        self.learn(|_| {});
        self.inner.local.forget_all();
        metrics::following(false);
    }

    /// Receives a change that is at `version` in the log. The caller first raises the database's watermark, which makes
    /// later loads include the change.
    pub fn received(&self, version: Version, change: &Change) {
        if let Some(session) = self.session() {
            self.learn(|moment| session.mark(version, change, moment));
            session.raise(version);
        }
    }

    /// The log confirms that at `as_of` it held nothing after `version`, and that everything before was received. Call
    /// it often: after [`CacheOptions::silence`] without it the cache is bypassed. Starts a repair in the background
    /// if a change is unpublished.
    pub fn caught_up(&self, version: Version, as_of: Instant) {
        if let Some(session) = self.session() {
            session.raise(version);
            session.confirm(as_of);
        }
        self.repair();
        metrics::following(!self.owes());
    }

    /// The connection to the log is lost. The cache is bypassed until the next session has caught up.
    pub fn lost(&self) {
        if let Some(session) = self.session() {
            session.lose();
        }
        metrics::following(false);
    }

    /// Whether a change may still need publishing: an unpublished one, or one by an unconfirmed write. If so at
    /// shutdown, the instance must publish a change of everything, or have another instance publish it.
    pub fn leaves_something_open(&self) -> bool {
        self.owes() || self.doubts().is_open()
    }

    /// Whether a change is unpublished and not yet repaired. The cache is bypassed meanwhile.
    /// [`caught_up`](Self::caught_up) starts the repair.
    pub fn owes(&self) -> bool {
        self.inner.debt.is_open()
    }

    /// Repairs unpublished changes, by publishing that everything may have changed.
    fn repair(&self) {
        let Some(due) = self.debt().begin_paying() else {
            return;
        };
        let cache = self.clone();
        self.spawn(async move {
            let change = Change::of_everything();
            match cache.log().append(&change).await {
                Ok(version) => {
                    cache.mark_own(version, &change);
                    cache.debt().paid(due);
                }
                Err(error) => {
                    tracing::debug!(%error, "unpublished invalidations were not published");
                    sleep(PAUSE).await;
                    cache.debt().not_paid();
                }
            }
        });
    }

    /// Marks a change that this instance published, before the log delivers it.
    pub(crate) fn mark_own(&self, version: Version, change: &Change) {
        if self.log().is_private() {
            self.received(version, change);
        } else if let Some(session) = self.session() {
            self.learn(|moment| session.mark(version, change, moment));
        }
    }

    /// The session, if it is confirmed and nothing is unpublished.
    pub(crate) fn current_session(&self) -> Option<Arc<Session>> {
        let session = self.session()?;
        let is_current = self.log().is_private() || session.is_confirmed(self.inner.options.silence);
        (is_current && !self.owes()).then_some(session)
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.inner.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs `mark` with the next moment. A load that begins at that moment or later includes the change.
    fn learn(&self, mark: impl FnOnce(Moment)) {
        mark(Moment(self.inner.learned.fetch_add(1, Ordering::SeqCst) + 1));
        self.inner.marked.fetch_add(1, Ordering::SeqCst);
    }

    /// The current moment, if every change learned of is marked. An entry found valid now stays valid until the next
    /// change is learned of.
    pub(crate) fn settled(&self) -> Option<Moment> {
        // `marked` first: a mark in progress between the two loads makes them differ.
        let marked = self.inner.marked.load(Ordering::SeqCst);
        (self.inner.learned.load(Ordering::SeqCst) == marked).then_some(Moment(marked))
    }

    /// The current moment, whether or not all changes are marked.
    pub(crate) fn now(&self) -> Moment {
        Moment(self.inner.learned.load(Ordering::SeqCst))
    }

    pub(crate) fn options(&self) -> &CacheOptions {
        &self.inner.options
    }

    pub(crate) fn log(&self) -> &dyn ChangeLog {
        &*self.inner.log
    }

    pub(crate) fn shared(&self) -> Option<&Arc<dyn SharedEntries>> {
        self.inner.shared.as_ref()
    }

    pub(crate) fn local(&self) -> &LocalEntries {
        &self.inner.local
    }

    pub(crate) fn single_flight(&self) -> &SingleFlight<Key, Outcome> {
        &self.inner.single_flight
    }

    pub(crate) fn runtime(&self) -> Option<Handle> {
        self.inner.runtime.clone().or_else(|| Handle::try_current().ok())
    }

    pub(crate) fn reads(&self) -> &Reads {
        &self.inner.reads
    }

    pub(crate) fn debt(&self) -> &Debt {
        &self.inner.debt
    }

    pub(crate) fn doubts(&self) -> &Doubts {
        &self.inner.doubts
    }
}
