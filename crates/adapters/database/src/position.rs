//! Positions in PostgreSQL's write-ahead log (LSN): the primary's latest, and the one that each replica has replayed.
//!
//! Called by `transaction` and `batch` after a commit, by `reading` to choose a server, and by `probe`.
//!
//! [`Watermark`] is the latest position that this process knows. Commits, messages of other instances and probes of
//! the primary raise it. [`Positions`] notes the position of each user's last write, for all instances.
//!
//! Invariants:
//! - A replica at [`Watermark::latest`] has all writes that this process knows of.
//! - While a write with an unknown position exists, `latest` is [`WalPosition::UNKNOWN`], which no replica reaches.
//! - Only a probe that began after a doubt was raised resolves that doubt.
//!
//! On failure to query or note a position, it counts as unknown, and signed-in readers use the primary.
//!
//! Tested here, and in `persistence/tests/repositories/replicas.rs`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::UserId;

/// A position in the write-ahead log, in bytes since its beginning (`pg_lsn` as a number). Always zero on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct WalPosition(pub u64);

impl WalPosition {
    /// Beyond every position that a replica can have: for a write whose position is unknown.
    pub const UNKNOWN: Self = Self(u64::MAX);
}

/// The latest position that this process knows. It comes from its own writes, from the reports of other instances, and
/// from the primary, which is probed many times a second.
///
/// It is in doubt while a write with an unknown position exists. Then only the primary has all writes, until it is
/// probed again.
#[derive(Debug, Default)]
pub struct Watermark {
    known: AtomicU64,
    /// The latest position as of one probe ago.
    settled: AtomicU64,
    /// The number of doubts that were raised so far.
    doubts: AtomicU64,
    /// The number of the last doubt about a write of this process.
    own_doubt: AtomicU64,
    /// The number of the last doubt that a probe of the primary has resolved; earlier ones are resolved too.
    resolved: AtomicU64,
    /// When the last probe that the primary answered began.
    answered: Mutex<Option<Instant>>,
}

/// A `settled` position older than this proves nothing, as the primary has been silent since.
const SILENCE: Duration = Duration::from_millis(120);

impl Watermark {
    /// Notes a write of this process.
    pub(super) fn written(&self, position: WalPosition) {
        self.raise(position);
        if position == WalPosition::UNKNOWN {
            self.own_doubt.fetch_max(self.doubts.load(Ordering::Acquire), Ordering::AcqRel);
        }
    }

    /// Notes a write that another process reported.
    pub fn raise(&self, position: WalPosition) {
        if position == WalPosition::UNKNOWN {
            self.doubt();
        } else {
            self.known.fetch_max(position.0, Ordering::AcqRel);
        }
    }

    /// Notes that there may be writes which this process does not know.
    pub fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// A replica at this position has all writes that this process knows of. [`WalPosition::UNKNOWN`] while in doubt.
    pub fn latest(&self) -> WalPosition {
        let resolved = self.resolved.load(Ordering::Acquire);
        if self.doubts.load(Ordering::Acquire) > resolved { WalPosition::UNKNOWN } else { self.known() }
    }

    /// The position that this process publishes for its own writes: no lower than theirs. [`WalPosition::UNKNOWN`]
    /// while one of its own writes is in doubt. Doubts about writes of other processes are left out.
    pub fn to_tell(&self) -> WalPosition {
        let resolved = self.resolved.load(Ordering::Acquire);
        if self.own_doubt.load(Ordering::Acquire) > resolved { WalPosition::UNKNOWN } else { self.known() }
    }

    fn known(&self) -> WalPosition {
        WalPosition(self.known.load(Ordering::Acquire))
    }

    /// The latest position as of one probe ago; a replica below it is too far behind. [`WalPosition::UNKNOWN`] while
    /// the primary is silent.
    pub(super) fn settled(&self) -> WalPosition {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.is_some_and(|answered| answered.elapsed() > SILENCE) {
            return WalPosition::UNKNOWN;
        }
        WalPosition(self.settled.load(Ordering::Acquire))
    }

    /// Begins a probe of the primary. Its answer resolves the doubts that were raised before.
    pub(super) fn begin_probe(&self) -> ProbeStart {
        ProbeStart { at: Instant::now(), doubts: self.doubts.load(Ordering::Acquire) }
    }

    /// Ends a probe. If the primary answered, it is at `position`, with all writes before that.
    pub(super) fn probed(&self, start: ProbeStart, position: Option<WalPosition>) {
        self.settled.store(self.latest().0, Ordering::Release);
        if let Some(position) = position {
            self.known.fetch_max(position.0, Ordering::AcqRel);
            self.resolved.fetch_max(start.doubts, Ordering::AcqRel);
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(start.at);
        }
    }
}

/// A probe in flight: when it began, and the number of doubts at that time.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProbeStart {
    at: Instant,
    doubts: u64,
}

/// Notes the position of each user's last write, for all instances.
#[async_trait]
pub trait Positions: Send + Sync {
    /// Notes that `user` has written up to `position`, for as long as a replica may take to get there. Returns
    /// whether every instance sees the note from now on.
    async fn note(&self, user: UserId, position: WalPosition) -> bool;

    /// The noted position of `user`.
    async fn noted(&self, user: UserId) -> Noted;
}

/// The noted position of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// There is no recent write.
    Nothing,
    /// The user has written up to this position.
    UpTo(WalPosition),
    /// The store of positions is out of reach.
    Unknown,
}

/// Notes nothing, for a process that has no shared store: every signed-in reader reads from the primary.
pub(super) struct NoPositions;

#[async_trait]
impl Positions for NoPositions {
    async fn note(&self, _: UserId, _: WalPosition) -> bool {
        // No note is needed, as every signed-in reader reads from the primary.
        true
    }

    async fn noted(&self, _: UserId) -> Noted {
        Noted::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(watermark: &Watermark, position: Option<u64>) {
        let start = watermark.begin_probe();
        watermark.probed(start, position.map(WalPosition));
    }

    #[test]
    fn an_unknown_position_is_in_doubt_until_the_primary_is_probed() {
        let watermark = Watermark::default();
        watermark.written(WalPosition(10));
        watermark.written(WalPosition::UNKNOWN);
        assert_eq!((watermark.latest(), watermark.to_tell()), (WalPosition::UNKNOWN, WalPosition::UNKNOWN));
        probe(&watermark, None);
        assert_eq!(watermark.latest(), WalPosition::UNKNOWN);
        probe(&watermark, Some(12));
        assert_eq!((watermark.latest(), watermark.to_tell()), (WalPosition(12), WalPosition(12)));
        assert_eq!(watermark.settled(), WalPosition::UNKNOWN);
        probe(&watermark, None);
        assert_eq!(watermark.settled(), WalPosition(12));
    }

    #[test]
    fn a_doubt_is_not_resolved_by_a_probe_that_began_before_it() {
        let watermark = Watermark::default();
        let start = watermark.begin_probe();
        watermark.doubt();
        watermark.probed(start, Some(WalPosition(10)));
        assert_eq!(watermark.latest(), WalPosition::UNKNOWN);
        probe(&watermark, Some(11));
        assert_eq!(watermark.latest(), WalPosition(11));
    }

    #[test]
    fn doubts_about_other_processes_are_not_published() {
        let watermark = Watermark::default();
        watermark.written(WalPosition(10));
        watermark.raise(WalPosition::UNKNOWN);
        assert_eq!((watermark.latest(), watermark.to_tell()), (WalPosition::UNKNOWN, WalPosition(10)));
    }

    #[test]
    fn never_falls() {
        let watermark = Watermark::default();
        watermark.raise(WalPosition(10));
        watermark.raise(WalPosition(7));
        probe(&watermark, Some(9));
        assert_eq!(watermark.latest(), WalPosition(10));
    }
}
