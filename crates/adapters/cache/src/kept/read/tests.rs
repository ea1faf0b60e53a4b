//! Reads of one post, whose likes show the age of the entry.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::{RepositoryError, UserId};
use testkit::id;
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{Instant, advance};

use crate::kept::entry::{Entry, Value};
use crate::kept::key::Key;
use crate::test_support::{Database, FakeEntries, FakeLog, at, change, following, hello, post};
use crate::{Cache, CacheOptions, Change, InProcessLog, Tag};

struct Scene {
    log: Arc<FakeLog>,
    cache: Cache,
    database: Arc<Database>,
}

impl Scene {
    fn new() -> Self {
        Self::sharing(None)
    }

    fn sharing(entries: Option<Arc<FakeEntries>>) -> Self {
        let log = Arc::new(FakeLog::default());
        Self { cache: following(&log, entries), log, database: Database::new() }
    }

    async fn try_read(&self, reader: Option<UserId>) -> Result<Option<u64>, RepositoryError> {
        read(self.cache.clone(), self.database.clone(), reader).await
    }

    /// The likes that an anonymous reader sees.
    async fn read(&self) -> u64 {
        self.try_read(None).await.unwrap().unwrap()
    }

    /// An anonymous read in flight.
    async fn reading(&self) -> JoinHandle<Result<Option<u64>, RepositoryError>> {
        let reading = tokio::spawn(read(self.cache.clone(), self.database.clone(), None));
        for _ in 0..10 {
            yield_now().await;
        }
        reading
    }

    /// Adds a like, and delivers its change.
    fn like(&self, version: u64) {
        self.database.likes.fetch_add(1, Ordering::SeqCst);
        self.cache.received(at(version), &touching());
    }
}

async fn read(cache: Cache, database: Arc<Database>, reader: Option<UserId>) -> Result<Option<u64>, RepositoryError> {
    let entry = cache.get(&Key::Post(hello()), reader, || database.load()).await?;
    Ok(entry.map(|entry| likes(&entry)))
}

fn likes(entry: &Entry) -> u64 {
    match &entry.value {
        Value::Post(post) => post.like_count,
        other => panic!("{other:?} is no post"),
    }
}

fn touching() -> Change {
    change(vec![Tag::Post(hello())])
}

mod validation {
    use super::*;

    fn kept(s: &Scene) -> impl Future<Output = Arc<Entry>> {
        let (cache, database) = (s.cache.clone(), s.database.clone());
        async move { cache.get(&Key::Post(hello()), None, || database.load()).await.unwrap().unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn is_remembered_until_the_next_change() {
        let s = Scene::new();
        s.read().await;
        // A change of another tag: the entry is older than that, and is validated again.
        s.cache.received(at(1), &change(vec![Tag::PublicFeed]));
        let now = s.cache.settled().unwrap();
        let entry = kept(&s).await;
        assert!(entry.was_valid_as_of(now));
        s.cache.received(at(2), &change(vec![Tag::PublicFeed]));
        assert!(!entry.was_valid_as_of(s.cache.settled().unwrap()));
        assert_eq!(s.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_outlive_a_change() {
        let s = Scene::new();
        for version in 1..20 {
            s.cache.received(at(2 * version), &change(vec![Tag::PublicFeed]));
            assert_eq!((s.read().await, s.read().await), (version - 1, version - 1));
            s.like(2 * version + 1);
            assert_eq!((s.read().await, s.read().await), (version, version));
        }
    }
}

mod entries {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn serve_until_one_of_their_tags_changes() {
        let s = Scene::new();
        assert_eq!((s.read().await, s.read().await, s.database.loads()), (0, 0, 1));
        s.cache.received(at(1), &change(vec![Tag::Post(id("other")), Tag::User(id("ada")), Tag::PublicFeed]));
        assert_eq!((s.read().await, s.database.loads()), (0, 1), "no tag of it changed");
        s.like(2);
        assert_eq!((s.read().await, s.read().await, s.database.loads()), (1, 1, 2));
        s.cache.received(at(3), &change(vec![Tag::Author(id("ada"))]));
        s.read().await;
        s.cache.received(at(4), &Change::of_everything());
        s.read().await;
        assert_eq!(s.database.loads(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn show_an_own_write_before_the_log_delivers_it() {
        let s = Scene::new();
        s.read().await;
        s.database.likes.store(1, Ordering::SeqCst);
        s.cache.announce(&touching()).await;
        assert_eq!(s.read().await, 1);
        assert_eq!((s.read().await, s.database.loads()), (1, 2), "the reloaded entry serves again");
    }

    #[tokio::test]
    async fn need_no_follower_with_a_private_log() {
        let cache = Cache::new(CacheOptions::default(), Arc::new(InProcessLog::new()), None);
        let database = Database::new();
        let read = async |reader| super::read(cache.clone(), database.clone(), reader).await.unwrap().unwrap();
        assert_eq!((read(None).await, read(Some(id("ada"))).await, database.loads()), (0, 0, 1));
        database.likes.store(1, Ordering::SeqCst);
        cache.announce(&touching()).await;
        assert_eq!((read(None).await, read(Some(id("ada"))).await, database.loads()), (1, 1, 2));
    }
}

mod loads {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn are_shared_by_a_stampede() {
        let s = Scene::new();
        s.database.close();
        let mut readers = JoinSet::new();
        for _ in 0..100 {
            readers.spawn(read(s.cache.clone(), s.database.clone(), None));
        }
        yield_now().await;
        s.database.open();
        assert!(readers.join_all().await.into_iter().all(|seen| seen.unwrap() == Some(0)));
        assert_eq!(s.database.loads(), 1);
        assert_eq!(s.cache.single_flight().count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn that_race_with_a_write_leave_no_stale_entry() {
        let s = Scene::new();
        s.database.close();
        let early = s.reading().await;
        s.like(1);
        let late = s.reading().await;
        s.database.open();
        assert_eq!(early.await.unwrap().unwrap(), Some(0), "began before the write");
        assert_eq!(late.await.unwrap().unwrap(), Some(1), "joined the load, but began after the write");
        assert_eq!((s.read().await, s.database.loads()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn that_began_in_an_earlier_session_leave_no_entry() {
        let s = Scene::new();
        s.database.close();
        let early = s.reading().await;
        // The log restarted without the change.
        s.database.likes.store(1, Ordering::SeqCst);
        s.cache.connected("another", at(0));
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.database.open();
        assert_eq!(early.await.unwrap().unwrap(), Some(0));
        assert_eq!((s.read().await, s.database.loads()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn survive_the_cancellation_of_their_first_reader() {
        let s = Scene::new();
        s.database.close();
        let (first, second) = (s.reading().await, s.reading().await);
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        s.database.open();
        assert_eq!(second.await.unwrap().unwrap(), Some(0));
        assert_eq!((s.read().await, s.database.loads()), (0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn without_readers_free_their_key() {
        let s = Scene::new();
        s.database.close();
        let reader = s.reading().await;
        reader.abort();
        assert!(reader.await.unwrap_err().is_cancelled());
        assert_eq!(s.cache.single_flight().count(), 0);
        s.database.open();
        assert_eq!((s.read().await, s.database.loads()), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn that_fail_return_the_error_to_every_reader_and_leave_no_entry() {
        let s = Scene::new();
        s.database.close();
        s.database.fails.store(true, Ordering::SeqCst);
        let readers = [s.reading().await, s.reading().await];
        s.database.open();
        for reader in readers {
            let error = reader.await.unwrap().unwrap_err();
            assert!(error.is_unavailable() && error.operation == "posts.find");
        }
        assert_eq!(s.database.loads(), 1);
        s.database.fails.store(false, Ordering::SeqCst);
        assert_eq!((s.read().await, s.database.loads()), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn from_a_stale_server_leave_no_entry_and_serve_anonymous_readers_only() {
        let s = Scene::new();
        s.database.is_behind.store(true, Ordering::SeqCst);
        assert_eq!(s.try_read(None).await.unwrap(), Some(0));
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        s.database.is_behind.store(false, Ordering::SeqCst);
        s.read().await;
        assert_eq!(s.database.loads(), 3);
    }
}

mod signed_in_readers {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wait_until_their_own_write_is_received() {
        let s = Scene::new();
        s.read().await;
        s.log.last_by.lock().unwrap().insert(id("ada"), at(1));
        let reader = tokio::spawn(read(s.cache.clone(), s.database.clone(), Some(id("ada"))));
        advance(Duration::from_millis(10)).await;
        s.like(1);
        assert_eq!(reader.await.unwrap().unwrap(), Some(1));
        assert_eq!(s.try_read(Some(id("bob"))).await.unwrap(), Some(1), "a reader without writes does not wait");
        assert_eq!(s.database.loads(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_for_a_bounded_time() {
        let s = Scene::new();
        s.read().await;
        s.log.last_by.lock().unwrap().insert(id("ada"), at(1));
        let began = Instant::now();
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!(began.elapsed().as_millis(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn bypass_the_cache_when_their_last_write_is_unknown() {
        let s = Scene::new();
        s.read().await;
        s.log.fails.store(true, Ordering::SeqCst);
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!((s.read().await, s.database.loads()), (0, 1), "anonymous readers wrote nothing");
    }
}

mod the_log {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn must_be_caught_up_with_before_entries_are_used() {
        let s = Scene::new();
        s.cache.connected("run", at(0));
        s.read().await;
        s.cache.received(at(1), &touching());
        s.read().await;
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!(s.database.loads(), 2, "the replay is incomplete");
        s.cache.caught_up(at(1), tokio::time::Instant::now());
        s.read().await;
        assert_eq!((s.read().await, s.database.loads()), (0, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn is_not_trusted_after_silence() {
        let s = Scene::new();
        s.read().await;
        advance(Duration::from_millis(100)).await;
        s.read().await;
        assert_eq!(s.database.loads(), 1);
        advance(Duration::from_millis(1)).await;
        s.read().await;
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!(s.database.loads(), 2);
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.read().await;
        assert_eq!(s.database.loads(), 2, "nothing was missed");
    }

    #[tokio::test(start_paused = true)]
    async fn when_lost_discards_the_entries() {
        let s = Scene::new();
        s.read().await;
        s.cache.lost();
        s.read().await;
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.read().await;
        assert_eq!(s.database.loads(), 3, "a lost session stays lost");
        s.cache.connected("run", at(0));
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.read().await;
        assert_eq!((s.read().await, s.database.loads()), (0, 4), "changes may have been missed");
    }

    #[tokio::test(start_paused = true)]
    async fn when_lost_still_shares_loads_among_anonymous_readers() {
        let s = Scene::new();
        s.cache.lost();
        s.database.close();
        let readers = [s.reading().await, s.reading().await, s.reading().await];
        s.database.open();
        for reader in readers {
            assert_eq!(reader.await.unwrap().unwrap(), Some(0));
        }
        assert_eq!(s.database.loads(), 1);
    }
}

mod shared_entries {
    use super::*;
    use crate::kept::codec;
    use crate::known::version::Version;

    struct Two {
        entries: Arc<FakeEntries>,
        one: Scene,
        other: Scene,
    }

    impl Two {
        /// Two instances that share entries; one of them has loaded the post.
        async fn new() -> Self {
            let entries = Arc::new(FakeEntries::default());
            let (one, other) = (Scene::sharing(Some(entries.clone())), Scene::sharing(Some(entries.clone())));
            one.read().await;
            while entries.0.lock().unwrap().is_empty() {
                yield_now().await;
            }
            Self { entries, one, other }
        }

        fn replace(&self, bytes: &[u8]) {
            for entry in self.entries.0.lock().unwrap().values_mut() {
                *entry = bytes.to_vec();
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn save_the_other_instance_a_load() {
        let two = Two::new().await;
        assert_eq!((two.other.read().await, two.other.read().await), (0, 0));
        assert_eq!((two.one.database.loads(), two.other.database.loads()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn are_rejected_after_a_change() {
        let two = Two::new().await;
        two.other.like(1);
        assert_eq!((two.other.read().await, two.other.database.loads()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn are_rejected_when_older_than_the_tag_table() {
        let two = Two::new().await;
        two.other.cache.connected("run", at(5));
        two.other.cache.caught_up(at(5), tokio::time::Instant::now());
        two.other.read().await;
        assert_eq!(two.other.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn are_rejected_from_another_run_of_the_log() {
        let two = Two::new().await;
        two.other.cache.connected("another", at(0));
        two.other.cache.caught_up(at(0), tokio::time::Instant::now());
        two.other.read().await;
        assert_eq!(two.other.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn are_rejected_when_malformed_or_of_another_key() {
        for wrong in [
            b"garbage".to_vec(),
            codec::encode(&Value::Post(post("other", 7).into()), Version::new(9, 0), 1024).unwrap(),
        ] {
            let two = Two::new().await;
            two.replace(&wrong);
            assert_eq!((two.other.read().await, two.other.database.loads()), (0, 1));
        }
    }
}

#[test]
fn ttls_vary_by_a_tenth_at_most() {
    let jittered = |chance| super::jittered(Duration::from_mins(5), chance).as_secs_f64();
    let all: Vec<_> = (0..1000).map(|chance| jittered(chance * 7919)).collect();
    let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(l, m), ttl| (l.min(*ttl), m.max(*ttl)));
    assert!((270.0..272.0).contains(&least) && (328.0..=330.0).contains(&most), "{least} to {most}");
}
