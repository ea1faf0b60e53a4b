//! The tag table: the latest change of each tag that this instance has received.
//!
//! Called by the follower of the journal, which marks tags, and by `kept/read.rs`, which validates entries.
//!
//! Invariants:
//! - Every change after `complete_since` is in the table, or a later change of the same tag is.
//! - Memory is bounded. Dropping old tags raises `complete_since`, and so invalidates entries older than the dropped
//!   tags.
//! - The version and the moment of a tag only increase.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock};

use crate::known::stamp::{Moment, Stamp};
use crate::known::tag::Print;
use crate::known::version::Version;

/// The table is sharded by lock, to reduce contention between validating readers and marking writers.
const SHARDS: usize = 64;

/// The latest change of a tag.
#[derive(Debug, Clone, Copy)]
struct LastChange {
    /// Its position in the log.
    version: Version,
    /// The moment at which this instance learned of it.
    moment: Moment,
}

impl LastChange {
    fn is_in(&self, stamp: &Stamp) -> bool {
        self.version <= stamp.version || self.moment <= stamp.moment
    }
}

type Shard = HashMap<Print, LastChange, BuildHasherDefault<PrintHasher>>;

/// The tag table. A tag that is absent was not changed after `complete_since`.
pub(crate) struct TagTable {
    shards: Vec<RwLock<Shard>>,
    bounds: RwLock<Bounds>,
    most_in_a_shard: usize,
}

struct Bounds {
    complete_since: Version,
    everything: Option<LastChange>,
}

impl TagTable {
    /// A table of at most about `capacity` tags, which will receive every change after `complete_since`.
    pub(crate) fn new(capacity: usize, complete_since: Version) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            bounds: RwLock::new(Bounds { complete_since, everything: None }),
            most_in_a_shard: (capacity / SHARDS).max(1),
        }
    }

    /// Notes a change of the tag that this instance learned of at `moment`.
    pub(crate) fn mark(&self, print: Print, version: Version, moment: Moment) {
        let mut shard = self.shard(print).write().unwrap_or_else(PoisonError::into_inner);
        shard.entry(print).and_modify(|last| merge(last, version, moment)).or_insert(LastChange { version, moment });
        if shard.len() > self.most_in_a_shard {
            self.drop_older_half(&mut shard);
        }
    }

    /// Notes that everything may have changed.
    pub(crate) fn mark_everything(&self, version: Version, moment: Moment) {
        let mut bounds = self.bounds.write().unwrap_or_else(PoisonError::into_inner);
        merge(bounds.everything.get_or_insert(LastChange { version, moment }), version, moment);
    }

    /// Whether none of the tags changed after the stamp, as far as this instance has received.
    pub(crate) fn is_valid(&self, stamp: &Stamp, prints: &[Print]) -> bool {
        let unchanged = |print: &Print| {
            let shard = self.shard(*print).read().unwrap_or_else(PoisonError::into_inner);
            shard.get(print).is_none_or(|last| last.is_in(stamp))
        };
        // Read the bounds last. A tag dropped during the lookup has raised `complete_since` before it left the table.
        prints.iter().all(unchanged) && {
            let bounds = self.bounds.read().unwrap_or_else(PoisonError::into_inner);
            bounds.complete_since <= stamp.version && bounds.everything.is_none_or(|last| last.is_in(stamp))
        }
    }

    /// Drops the tags changed at `cut` or before. Entries older than `cut` can no longer be validated, and become
    /// invalid.
    fn drop_older_half(&self, shard: &mut Shard) {
        let mut versions: Vec<_> = shard.values().map(|last| last.version).collect();
        let middle = versions.len() / 2;
        let cut = *versions.select_nth_unstable(middle).1;
        let mut bounds = self.bounds.write().unwrap_or_else(PoisonError::into_inner);
        bounds.complete_since = bounds.complete_since.max(cut);
        drop(bounds);
        shard.retain(|_, last| last.version > cut);
    }

    fn shard(&self, print: Print) -> &RwLock<Shard> {
        // These bits are not used by the hash map within the shard.
        let [.., byte, _, _] = print.0.to_be_bytes();
        &self.shards[usize::from(byte) % SHARDS]
    }
}

/// Merges a change that may be known already, or older than the latest. Both happen, because an instance marks its own
/// changes before it receives those that precede them.
fn merge(last: &mut LastChange, version: Version, moment: Moment) {
    if version != last.version {
        last.version = last.version.max(version);
        last.moment = last.moment.max(moment);
    }
}

/// A pass-through hasher, because prints are hashes already.
#[derive(Default)]
struct PrintHasher(u64);

impl Hasher for PrintHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: u64) -> Version {
        Version::new(1, sequence)
    }

    /// The stamp of an entry loaded when everything up to `version` had been received, and nothing marked ahead of it.
    fn stamp(version: Version) -> Stamp {
        Stamp { session: 1, version, moment: Moment::NONE }
    }

    const ONE: Print = Print(1);
    const OTHER: Print = Print(2);

    #[test]
    fn an_entry_is_valid_until_one_of_its_tags_changes() {
        let table = TagTable::new(1000, Version::ZERO);
        assert!(table.is_valid(&stamp(at(1)), &[ONE, OTHER]));
        table.mark(ONE, at(2), Moment::first());
        assert!(!table.is_valid(&stamp(at(1)), &[ONE, OTHER]));
        assert!(table.is_valid(&stamp(at(1)), &[OTHER]));
        assert!(table.is_valid(&stamp(at(2)), &[ONE]), "loaded after the change");
        table.mark(ONE, at(3), Moment::first());
        assert!(!table.is_valid(&stamp(at(2)), &[ONE]));
    }

    #[test]
    fn everything_invalidates_every_older_entry() {
        let table = TagTable::new(1000, Version::ZERO);
        table.mark_everything(at(2), Moment::first());
        assert!(!table.is_valid(&stamp(at(1)), &[ONE]) && !table.is_valid(&stamp(at(1)), &[]));
        assert!(table.is_valid(&stamp(at(2)), &[ONE]));
    }

    #[test]
    fn an_entry_loaded_after_an_own_change_is_valid_before_the_log_delivers_it() {
        let table = TagTable::new(1000, Version::ZERO);
        let (marked, later) = (Moment::first(), Moment::first().next());
        table.mark(ONE, at(5), marked);
        let loaded_after = Stamp { session: 1, version: at(1), moment: marked };
        assert!(table.is_valid(&loaded_after, &[ONE]));
        table.mark(ONE, at(5), later);
        assert!(table.is_valid(&loaded_after, &[ONE]), "receiving it changes nothing");
        table.mark(ONE, at(3), later);
        assert!(!table.is_valid(&loaded_after, &[ONE]), "an earlier change by another instance does");
        assert!(!table.is_valid(&stamp(at(4)), &[ONE]), "the own change is still the latest");
    }

    #[test]
    fn dropping_tags_invalidates_older_entries_only() {
        let table = TagTable::new(SHARDS * 10, Version::ZERO);
        let prints: Vec<_> = (0..10_000_u64).map(|n| Print(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
        for (version, print) in (1..).zip(&prints) {
            table.mark(*print, at(version), Moment::first());
        }
        let kept: usize = table.shards.iter().map(|shard| shard.read().unwrap().len()).sum();
        assert!((SHARDS..=SHARDS * 10).contains(&kept), "{kept}");
        for (version, print) in (1..).zip(&prints) {
            assert!(!table.is_valid(&stamp(at(version - 1)), &[*print]), "stale at {version}");
        }
        assert!(!table.is_valid(&stamp(at(1)), &[]), "older than the table");
        assert!(table.is_valid(&stamp(at(10_000)), &prints));
    }
}
