//! A log that delays, disconnects, restarts and loses its last entries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache::{Change, ChangeLog, LogUnavailable, Version};
use domain::UserId;

use crate::world::World;

/// The number of entries retained.
const RETAINED: usize = 40;

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) version: Version,
    pub(crate) payload: Vec<u8>,
    /// The latest commit known to the writing instance.
    pub(crate) watermark: usize,
}

#[derive(Default)]
struct Stream {
    entries: Vec<Entry>,
    trimmed: Version,
    last: Version,
    seen: HashMap<UserId, Version>,
    /// Whether a change of each user failed to be appended.
    unannounced: HashMap<UserId, bool>,
    run: u32,
    is_down: bool,
}

#[derive(Default)]
pub(crate) struct Journal(Mutex<Stream>);

impl Journal {
    pub(crate) fn run(&self) -> Option<String> {
        let stream = self.0.lock().unwrap();
        (!stream.is_down).then(|| format!("run{}", stream.run))
    }

    pub(crate) fn complete_since(&self) -> Version {
        self.0.lock().unwrap().trimmed
    }

    /// The entries after `version`, and the last version; `None` if some of them are trimmed.
    pub(crate) fn after(&self, version: Version) -> Option<(Vec<Entry>, Version)> {
        let stream = self.0.lock().unwrap();
        let entries = stream.entries.iter().filter(|entry| entry.version > version).cloned().collect();
        (version >= stream.trimmed).then_some((entries, stream.last))
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.0.lock().unwrap().is_down = is_down;
    }

    /// Restarts as another run, without the last `lost` entries.
    pub(crate) fn restart(&self, lost: usize) {
        let mut stream = self.0.lock().unwrap();
        let kept = stream.entries.len().saturating_sub(lost);
        stream.entries.truncate(kept);
        stream.run += 1;
        let last = stream.entries.last().map_or(stream.trimmed, |entry| entry.version);
        stream.seen.retain(|_, version| *version <= last);
    }

    pub(crate) fn seen(&self, user: UserId) -> Option<Version> {
        self.0.lock().unwrap().seen.get(&user).copied()
    }

    /// Whether a change by `user` failed to be appended since the last call.
    pub(crate) fn failed_for(&self, user: UserId) -> bool {
        self.0.lock().unwrap().unannounced.insert(user, false).unwrap_or(false)
    }

    fn push(&self, change: &Change, watermark: usize, now: u64) -> Version {
        let mut stream = self.0.lock().unwrap();
        let version = if now > stream.last.milliseconds {
            Version::new(now, 0)
        } else {
            Version::new(stream.last.milliseconds, stream.last.sequence + 1)
        };
        stream.last = version;
        stream.entries.push(Entry { version, payload: change.encode(), watermark });
        if stream.entries.len() > RETAINED {
            stream.trimmed = stream.entries.remove(0).version;
        }
        if let Some(by) = change.by {
            stream.seen.insert(by, version);
        }
        version
    }

    fn fail(&self, change: &Change) -> LogUnavailable {
        if let Some(by) = change.by {
            self.0.lock().unwrap().unannounced.insert(by, true);
        }
        LogUnavailable("gone".into())
    }
}

/// One instance's connection to the log.
pub(crate) struct Line {
    pub(crate) world: Arc<World>,
    pub(crate) instance: usize,
}

#[async_trait]
impl ChangeLog for Line {
    async fn append(&self, change: &Change) -> Result<Version, LogUnavailable> {
        let (world, journal) = (&self.world, &self.world.journal);
        world.pause(3).await;
        if journal.run().is_none() || world.happens(world.plan.failing_appends) {
            return Err(journal.fail(change));
        }
        let version = journal.push(change, world.watermark(self.instance), world.milliseconds());
        world.pause(3).await;
        // The change is appended, but the call fails.
        if world.happens(world.plan.failing_appends) { Err(journal.fail(change)) } else { Ok(version) }
    }

    async fn last_by(&self, user: UserId) -> Result<Option<Version>, LogUnavailable> {
        self.world.pause(2).await;
        if self.world.journal.run().is_none() {
            return Err(LogUnavailable("gone".into()));
        }
        Ok(self.world.journal.seen(user))
    }
}

/// Follows the log for the instance's cache until aborted.
pub(crate) async fn follow(world: Arc<World>, instance: usize) {
    let cache = &world.caches()[instance];
    loop {
        let Some(run) = world.journal.run() else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Missed entries may be trimmed. So a new connection first reads the database's position.
        world.know(instance, world.latest());
        let mut cursor = world.journal.complete_since();
        cache.connected(&run, cursor);
        loop {
            if world.happens(world.plan.stalls) {
                world.pause(400).await;
            }
            let answer = if world.happens(world.plan.drops) { None } else { world.journal.after(cursor) };
            let Some((entries, last)) = answer.filter(|_| world.journal.run().as_ref() == Some(&run)) else {
                world.unconfirm(instance);
                cache.lost();
                world.pause(300).await;
                break;
            };
            let few = entries.len() < 5;
            for entry in entries {
                world.know(instance, entry.watermark);
                cache.received(entry.version, &Change::decode(&entry.payload));
                world.confirm_received(instance, entry.version);
                if few {
                    world.pause(2).await;
                }
            }
            cursor = cursor.max(last);
            cache.caught_up(cursor, tokio::time::Instant::now());
            world.confirm(instance);
            world.pause(40).await;
        }
    }
}
