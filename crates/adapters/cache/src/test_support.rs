//! Test doubles: a log that can fail, shared entries in a map, and a database whose loads wait at a gate.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Post, PostId, UserId};
use futures_util::FutureExt;
use testkit::{a_post, a_user, id};
use tokio::sync::Semaphore;

use crate::kept::entry::Value;
use crate::kept::read::{Load, Loaded};
use crate::{Cache, CacheOptions, Change, ChangeLog, LogUnavailable, SharedEntries, Tag, Version};

/// A log that appends without delivering, and fails while `fails` is set.
#[derive(Default)]
pub(crate) struct FakeLog {
    pub(crate) fails: AtomicBool,
    pub(crate) appended: Mutex<Vec<Change>>,
    pub(crate) last_by: Mutex<HashMap<UserId, Version>>,
}

#[async_trait]
impl ChangeLog for FakeLog {
    async fn append(&self, change: &Change) -> Result<Version, LogUnavailable> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(LogUnavailable("gone".into()));
        }
        let mut appended = self.appended.lock().unwrap();
        appended.push(change.clone());
        Ok(at(appended.len() as u64))
    }

    async fn last_by(&self, user: UserId) -> Result<Option<Version>, LogUnavailable> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(LogUnavailable("gone".into()));
        }
        Ok(self.last_by.lock().unwrap().get(&user).copied())
    }
}

impl FakeLog {
    pub(crate) fn tags(&self) -> Vec<Tag> {
        self.appended.lock().unwrap().iter().flat_map(|change| change.tags.clone()).collect()
    }
}

/// Shared entries in a map.
#[derive(Default)]
pub(crate) struct FakeEntries(pub(crate) Mutex<HashMap<String, Vec<u8>>>);

#[async_trait]
impl SharedEntries for FakeEntries {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    async fn set(&self, key: &str, value: &[u8], _ttl: Duration) {
        self.0.lock().unwrap().insert(key.to_owned(), value.to_vec());
    }
}

pub(crate) fn at(sequence: u64) -> Version {
    Version::new(1, sequence)
}

pub(crate) fn change(tags: Vec<Tag>) -> Change {
    Change { by: None, tags }
}

/// A cache that has caught up with the empty `log`.
pub(crate) fn following(log: &Arc<FakeLog>, shared: Option<Arc<FakeEntries>>) -> Cache {
    let cache =
        Cache::new(CacheOptions::default(), log.clone(), shared.map(|entries| entries as Arc<dyn SharedEntries>));
    cache.connected("run", at(0));
    cache.caught_up(at(0), tokio::time::Instant::now());
    cache
}

/// The post `word` by Ada, with `likes` likes.
pub(crate) fn post(word: &str, likes: u64) -> Post {
    let ada = a_user("ada").build();
    Post { like_count: likes, ..a_post(word, ada.id).published_by(&ada) }
}

/// The id of the post that the tests read.
pub(crate) fn hello() -> PostId {
    id("hello")
}

/// A database with one post, whose likes are its version.
pub(crate) struct Database {
    pub(crate) likes: AtomicU64,
    pub(crate) loads: AtomicUsize,
    pub(crate) fails: AtomicBool,
    pub(crate) is_behind: AtomicBool,
    /// A load reads the likes, then waits for a permit.
    pub(crate) gate: Semaphore,
}

impl Database {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            likes: AtomicU64::new(0),
            loads: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            is_behind: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    /// Blocks loads until [`open`](Self::open).
    pub(crate) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn load(self: &Arc<Self>) -> Load {
        let database = self.clone();
        async move {
            database.loads.fetch_add(1, Ordering::SeqCst);
            let likes = database.likes.load(Ordering::SeqCst);
            let _pass = database.gate.acquire().await;
            if database.fails.load(Ordering::SeqCst) {
                return Err(domain::RepositoryError::unavailable("posts.find", "gone"));
            }
            let is_current = !database.is_behind.load(Ordering::SeqCst);
            Ok(Loaded { value: Value::Post(post("hello", likes).into()), is_current })
        }
        .boxed()
    }
}
