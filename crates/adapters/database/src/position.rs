//! Positions in PostgreSQL's write-ahead log: what has been written, and how much of it a replica has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::UserId;

/// A position in the write-ahead log, in bytes since its beginning (`pg_lsn` as a number). On SQLite always zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct WalPosition(pub u64);

impl WalPosition {
    /// Past everything that a replica can have: of a write whose position could not be learned.
    pub const UNKNOWN: Self = Self(u64::MAX);
}

/// The furthest position that this process has heard of: of its own writes, of those that others told it of, and of the
/// primary itself, which is asked many times a second.
///
/// It may be in doubt: there is a write of which nobody said how far it went. Then only the primary has all there is,
/// until it has been asked again.
#[derive(Debug, Default)]
pub struct Watermark {
    known: AtomicU64,
    /// What was the latest one probe ago.
    settled: AtomicU64,
    /// Doubts that there were so far, counted.
    doubts: AtomicU64,
    /// The last doubt that was about a write of this process.
    own_doubt: AtomicU64,
    /// The last doubt that the primary has resolved, with all before it.
    resolved: AtomicU64,
    /// When the primary was asked last and answered.
    answered: Mutex<Option<Instant>>,
}

/// When the primary has been silent for longer, what it had written before says nothing any more.
const SILENCE: Duration = Duration::from_millis(120);

impl Watermark {
    /// Takes note of a write of this process.
    pub(super) fn written(&self, position: WalPosition) {
        self.raise(position);
        if position == WalPosition::UNKNOWN {
            self.own_doubt.fetch_max(self.doubts.load(Ordering::Acquire), Ordering::AcqRel);
        }
    }

    /// Takes note of a write that another process told of.
    pub fn raise(&self, position: WalPosition) {
        if position == WalPosition::UNKNOWN {
            self.doubt();
        } else {
            self.known.fetch_max(position.0, Ordering::AcqRel);
        }
    }

    /// There may be writes that this process was not told of.
    pub fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// What has everything up to here has all writes that this process knows of; [`WalPosition::UNKNOWN`] while in doubt.
    pub fn latest(&self) -> WalPosition {
        let resolved = self.resolved.load(Ordering::Acquire);
        if self.doubts.load(Ordering::Acquire) > resolved { WalPosition::UNKNOWN } else { self.known() }
    }

    /// What to tell other processes of the writes of this one: a position that is no lower than theirs. In doubt about
    /// one of these, and not about what others did, it is [`WalPosition::UNKNOWN`].
    pub fn to_tell(&self) -> WalPosition {
        let resolved = self.resolved.load(Ordering::Acquire);
        if self.own_doubt.load(Ordering::Acquire) > resolved { WalPosition::UNKNOWN } else { self.known() }
    }

    fn known(&self) -> WalPosition {
        WalPosition(self.known.load(Ordering::Acquire))
    }

    /// What was the latest one probe of the primary ago: a replica that has not come so far is too far behind. While the
    /// primary is silent it is [`WalPosition::UNKNOWN`].
    pub(super) fn settled(&self) -> WalPosition {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.is_some_and(|answered| answered.elapsed() > SILENCE) {
            return WalPosition::UNKNOWN;
        }
        WalPosition(self.settled.load(Ordering::Acquire))
    }

    /// The primary is about to be asked; the answer resolves the doubts up to this one.
    pub(super) fn begin_probe(&self) -> Asked {
        Asked { at: Instant::now(), doubts: self.doubts.load(Ordering::Acquire) }
    }

    /// One probe is over; the primary, if it answered, is at `position` with all that came before.
    pub(super) fn probed(&self, asked: Asked, position: Option<WalPosition>) {
        self.settled.store(self.latest().0, Ordering::Release);
        if let Some(position) = position {
            self.known.fetch_max(position.0, Ordering::AcqRel);
            self.resolved.fetch_max(asked.doubts, Ordering::AcqRel);
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked.at);
        }
    }
}

/// That the primary is being asked: since when, and about which doubts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    at: Instant,
    doubts: u64,
}

/// Remembers how far each user has written, for all instances together.
#[async_trait]
pub trait Positions: Send + Sync {
    /// Remembers that `user` has written up to `position`, for as long as a replica may take to get there. Answers whether
    /// every instance will know of it from now on.
    async fn note(&self, user: UserId, position: WalPosition) -> bool;

    /// How far `user` has written.
    async fn noted(&self, user: UserId) -> Noted;
}

/// How far a user has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// Nothing of late.
    Nothing,
    /// Up to here.
    UpTo(WalPosition),
    /// It cannot be told now.
    Unknown,
}

/// Remembers nothing, for a process that does not know what others write: every signed-in reader goes to the primary.
pub(super) struct NoPositions;

#[async_trait]
impl Positions for NoPositions {
    async fn note(&self, _: UserId, _: WalPosition) -> bool {
        // Nothing needs to be known where every signed-in reader is sent to the primary.
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
        let asked = watermark.begin_probe();
        watermark.probed(asked, position.map(WalPosition));
    }

    #[test]
    fn a_write_of_unknown_position_is_doubted_until_the_primary_says_where_it_is() {
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
    fn a_doubt_is_not_resolved_by_what_was_asked_before_it() {
        let watermark = Watermark::default();
        let asked = watermark.begin_probe();
        watermark.doubt();
        watermark.probed(asked, Some(WalPosition(10)));
        assert_eq!(watermark.latest(), WalPosition::UNKNOWN);
        probe(&watermark, Some(11));
        assert_eq!(watermark.latest(), WalPosition(11));
    }

    #[test]
    fn doubts_about_others_are_not_told_on() {
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
