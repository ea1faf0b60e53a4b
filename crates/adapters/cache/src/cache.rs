//! The cache: what it keeps, and what it receives.

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

/// After an announcement that failed, how long until what is owed is announced again.
const PAUSE: Duration = Duration::from_millis(100);

/// What a load brings to all who wait for it.
pub(crate) type Outcome = Result<Fetched, Arc<RepositoryError>>;

/// What a load brought.
#[derive(Clone)]
pub(crate) struct Fetched {
    /// The value.
    pub(crate) entry: Arc<Entry>,
    /// It came from a place that has all that was heard of when the load began.
    pub(crate) is_current: bool,
}

/// Copies of what is read often, in the process and shared, and what is known of their being true.
///
/// It has to be told what the log says, in the log's order and by one task: [`connected`](Self::connected), then
/// [`heard`](Self::heard) for every change and [`caught_up`](Self::caught_up) for every sign of life, until
/// [`lost`](Self::lost). A log that is private to the instance ([`ChangeLog::is_private`]) says nothing, and none of these is
/// called.
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
    /// What this instance has learned, counted when it is about to be marked.
    learned: AtomicU64,
    /// How much of that is marked.
    marked: AtomicU64,
    /// Where things are done on the side: it outlives the requests, and the threads that answer them.
    runtime: Option<Handle>,
    debt: Debt,
    doubts: Doubts,
    reads: Reads,
}

impl Cache {
    /// A cache without copies. Unless `log` is private, none are used before the log is connected and caught up with.
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

    /// The log is connected, and will now say everything that it retained: nothing that was changed after
    /// `complete_since` is missing. All copies in the process are forgotten, and none are used until
    /// [`caught_up`](Self::caught_up). `run_id` tells the runs of the log's keeper apart.
    pub fn connected(&self, run_id: &str, complete_since: Version) {
        let id = self.inner.sessions.fetch_add(1, Ordering::SeqCst) + 1;
        let session = Arc::new(Session::new(id, run_id, self.inner.options.tags, complete_since));
        *self.inner.session.write().unwrap_or_else(PoisonError::into_inner) = Some(session);
        self.learn(|_| {});
        self.inner.local.forget_all();
        metrics::following(false);
    }

    /// The log says that at `version` this changed. Before this is called, whatever routes loads to databases has to know
    /// that they must have it.
    pub fn received(&self, version: Version, change: &Change) {
        if let Some(session) = self.session() {
            self.learn(|moment| session.mark(version, change, moment));
            session.raise(version);
        }
    }

    /// The log says that what was heard is all there was at the moment `as_of`, up to `version`. To be called often: a log
    /// that is silent for longer than [`CacheOptions::silence`] is not trusted. What is owed is announced on the side, in
    /// the caller's runtime.
    pub fn caught_up(&self, version: Version, as_of: Instant) {
        if let Some(session) = self.session() {
            session.raise(version);
            session.confirm(as_of);
        }
        self.repair();
        metrics::following(!self.owes());
    }

    /// The connection to the log is gone: copies are not used.
    pub fn lost(&self) {
        if let Some(session) = self.session() {
            session.lose();
        }
        metrics::following(false);
    }

    /// Whether a change may still have to be announced: one that could not be, or one by a write that was cut off and may be
    /// committed yet. Whoever stops then has to see to it that somebody announces that everything may have changed.
    pub fn leaves_something_open(&self) -> bool {
        self.owes() || self.doubts().is_open()
    }

    /// Whether a change could not be announced, and was not made up for yet. Copies are not used meanwhile.
    /// [`caught_up`](Self::caught_up) sees to it.
    pub fn owes(&self) -> bool {
        self.inner.debt.is_open()
    }

    /// Makes up for changes that were not announced.
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
                    tracing::debug!(%error, "what is owed was not announced");
                    sleep(PAUSE).await;
                    cache.debt().not_paid();
                }
            }
        });
    }

    /// Notes a change that this instance announced, without waiting to hear it back.
    pub(crate) fn mark_own(&self, version: Version, change: &Change) {
        if self.log().is_private() {
            self.received(version, change);
        } else if let Some(session) = self.session() {
            self.learn(|moment| session.mark(version, change, moment));
        }
    }

    /// The session, if what was heard in it is all there is, and nothing is owed.
    pub(crate) fn current_session(&self) -> Option<Arc<Session>> {
        let session = self.session()?;
        let is_current = self.log().is_private() || session.is_confirmed(self.inner.options.silence);
        (is_current && !self.owes()).then_some(session)
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.inner.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Marks something. Whoever loads from the moment on that it is given has it.
    fn learn(&self, mark: impl FnOnce(Moment)) {
        mark(Moment(self.inner.learned.fetch_add(1, Ordering::SeqCst) + 1));
        self.inner.marked.fetch_add(1, Ordering::SeqCst);
    }

    /// All that was learned so far, if all of it is marked: until something else is learned, what is found good now stays
    /// good.
    pub(crate) fn settled(&self) -> Option<Moment> {
        // In this order: what is begun and not done between the two is seen.
        let marked = self.inner.marked.load(Ordering::SeqCst);
        (self.inner.learned.load(Ordering::SeqCst) == marked).then_some(Moment(marked))
    }

    /// All that was learned so far.
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
