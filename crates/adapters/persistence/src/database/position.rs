//! Positions in PostgreSQL's write-ahead log: what has been written, and how much of it a replica has.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
#[derive(Debug, Default)]
pub struct Watermark {
    latest: AtomicU64,
    /// The latest of one probe ago.
    settled: AtomicU64,
    /// A write of unknown position came after the latest.
    doubtful: AtomicBool,
}

impl Watermark {
    /// Takes note of a write.
    pub fn raise(&self, position: WalPosition) {
        if position == WalPosition::UNKNOWN {
            self.doubtful.store(true, Ordering::Release);
        } else {
            self.latest.fetch_max(position.0, Ordering::AcqRel);
        }
    }

    /// What has everything up to here has all writes that this process knows of. [`WalPosition::UNKNOWN`] while there is
    /// one whose position is not known: then only the primary has.
    pub fn latest(&self) -> WalPosition {
        if self.doubtful.load(Ordering::Acquire) {
            WalPosition::UNKNOWN
        } else {
            WalPosition(self.latest.load(Ordering::Acquire))
        }
    }

    /// What was the latest one probe of the primary ago: a replica that has not come so far is too far behind.
    pub(super) fn settled(&self) -> WalPosition {
        WalPosition(self.settled.load(Ordering::Acquire))
    }

    /// One probe is over; the primary, if it answered, is known to be at `position` with all that came before.
    pub(super) fn probed(&self, position: Option<WalPosition>) {
        self.settled.store(self.latest().0, Ordering::Release);
        if let Some(position) = position {
            self.latest.fetch_max(position.0, Ordering::AcqRel);
            self.doubtful.store(false, Ordering::Release);
        }
    }
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

    #[test]
    fn a_write_of_unknown_position_is_doubted_until_the_primary_says_where_it_is() {
        let watermark = Watermark::default();
        watermark.raise(WalPosition(10));
        watermark.raise(WalPosition::UNKNOWN);
        assert_eq!(watermark.latest(), WalPosition::UNKNOWN);
        watermark.probed(Some(WalPosition(12)));
        assert_eq!((watermark.latest(), watermark.settled()), (WalPosition(12), WalPosition::UNKNOWN));
        watermark.probed(None);
        assert_eq!(watermark.settled(), WalPosition(12));
    }

    #[test]
    fn never_falls() {
        let watermark = Watermark::default();
        watermark.raise(WalPosition(10));
        watermark.raise(WalPosition(7));
        watermark.probed(Some(WalPosition(9)));
        assert_eq!(watermark.latest(), WalPosition(10));
    }
}
