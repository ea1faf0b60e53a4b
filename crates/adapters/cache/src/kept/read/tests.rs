//! Reads of one post, whose likes tell how old the copy is.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::{RepositoryError, UserId};
use testkit::id;
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{Instant, advance};

use crate::kept::entry::{Entry, Value};
use crate::kept::key::Key;
use crate::test_support::{Database, FakeCopies, FakeLog, at, change, following, hello, post};
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

    fn sharing(copies: Option<Arc<FakeCopies>>) -> Self {
        let log = Arc::new(FakeLog::default());
        Self { cache: following(&log, copies), log, database: Database::new() }
    }

    async fn try_read(&self, reader: Option<UserId>) -> Result<Option<u64>, RepositoryError> {
        read(self.cache.clone(), self.database.clone(), reader).await
    }

    /// The likes that a stranger sees.
    async fn read(&self) -> u64 {
        self.try_read(None).await.unwrap().unwrap()
    }

    /// A stranger who has begun to read.
    async fn reading(&self) -> JoinHandle<Result<Option<u64>, RepositoryError>> {
        let reading = tokio::spawn(read(self.cache.clone(), self.database.clone(), None));
        for _ in 0..10 {
            yield_now().await;
        }
        reading
    }

    /// Another like, of which everybody hears.
    fn like(&self, version: u64) {
        self.database.likes.fetch_add(1, Ordering::SeqCst);
        self.cache.heard(at(version), &touching());
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

mod finding_good {
    use super::*;

    fn kept(s: &Scene) -> impl Future<Output = Arc<Entry>> {
        let (cache, database) = (s.cache.clone(), s.database.clone());
        async move { cache.get(&Key::Post(hello()), None, || database.load()).await.unwrap().unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn is_remembered_until_something_is_learned() {
        let s = Scene::new();
        s.read().await;
        // Something else: the copy is older than that, and looked at again.
        s.cache.heard(at(1), &change(vec![Tag::PublicFeed]));
        let now = s.cache.settled().unwrap();
        let entry = kept(&s).await;
        assert!(entry.was_found_good(now));
        s.cache.heard(at(2), &change(vec![Tag::PublicFeed]));
        assert!(!entry.was_found_good(s.cache.settled().unwrap()));
        assert_eq!(s.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_outlive_a_change() {
        let s = Scene::new();
        for version in 1..20 {
            s.cache.heard(at(2 * version), &change(vec![Tag::PublicFeed]));
            assert_eq!((s.read().await, s.read().await), (version - 1, version - 1));
            s.like(2 * version + 1);
            assert_eq!((s.read().await, s.read().await), (version, version));
        }
    }
}

mod copies {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn serve_until_what_they_show_changes() {
        let s = Scene::new();
        assert_eq!((s.read().await, s.read().await, s.database.loads()), (0, 0, 1));
        s.cache.heard(at(1), &change(vec![Tag::Post(id("other")), Tag::User(id("ada")), Tag::PublicFeed]));
        assert_eq!((s.read().await, s.database.loads()), (0, 1), "nothing that it shows was touched");
        s.like(2);
        assert_eq!((s.read().await, s.read().await, s.database.loads()), (1, 1, 2));
        s.cache.heard(at(3), &change(vec![Tag::Author(id("ada"))]));
        s.read().await;
        s.cache.heard(at(4), &Change::of_everything());
        s.read().await;
        assert_eq!(s.database.loads(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn show_an_own_write_before_it_is_heard_back() {
        let s = Scene::new();
        s.read().await;
        s.database.likes.store(1, Ordering::SeqCst);
        s.cache.announce(&touching()).await;
        assert_eq!(s.read().await, 1);
        assert_eq!((s.read().await, s.database.loads()), (1, 2), "and serve again at once");
    }

    #[tokio::test]
    async fn need_no_follower_where_the_log_is_private() {
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
    async fn are_one_for_a_stampede() {
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
    async fn that_race_with_a_write_leave_no_stale_copy() {
        let s = Scene::new();
        s.database.close();
        let early = s.reading().await;
        s.like(1);
        let late = s.reading().await;
        s.database.open();
        assert_eq!(early.await.unwrap().unwrap(), Some(0), "came before the write");
        assert_eq!(late.await.unwrap().unwrap(), Some(1), "joined, but came after it");
        assert_eq!((s.read().await, s.database.loads()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn that_began_on_another_connection_leave_no_copy() {
        let s = Scene::new();
        s.database.close();
        let early = s.reading().await;
        // The log came back without the change.
        s.database.likes.store(1, Ordering::SeqCst);
        s.cache.connected("another", at(0));
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.database.open();
        assert_eq!(early.await.unwrap().unwrap(), Some(0));
        assert_eq!((s.read().await, s.database.loads()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn outlive_the_reader_who_began_them() {
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
    async fn that_nobody_waits_for_do_not_block_the_next() {
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
    async fn that_fail_fail_all_who_waited_and_leave_nothing() {
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
    async fn from_a_place_that_is_behind_leave_no_copy_and_serve_strangers_only() {
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
    async fn wait_until_their_own_write_is_heard() {
        let s = Scene::new();
        s.read().await;
        s.log.last_by.lock().unwrap().insert(id("ada"), at(1));
        let reader = tokio::spawn(read(s.cache.clone(), s.database.clone(), Some(id("ada"))));
        advance(Duration::from_millis(10)).await;
        s.like(1);
        assert_eq!(reader.await.unwrap().unwrap(), Some(1));
        assert_eq!(s.try_read(Some(id("bob"))).await.unwrap(), Some(1), "whoever wrote nothing need not wait");
        assert_eq!(s.database.loads(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn do_not_wait_for_ever() {
        let s = Scene::new();
        s.read().await;
        s.log.last_by.lock().unwrap().insert(id("ada"), at(1));
        let began = Instant::now();
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!(began.elapsed().as_millis(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn ask_for_themselves_when_nobody_knows_what_they_wrote() {
        let s = Scene::new();
        s.read().await;
        s.log.fails.store(true, Ordering::SeqCst);
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!((s.read().await, s.database.loads()), (0, 1), "strangers wrote nothing");
    }
}

mod the_log {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn has_to_be_caught_up_with() {
        let s = Scene::new();
        s.cache.connected("run", at(0));
        s.read().await;
        s.cache.heard(at(1), &touching());
        s.read().await;
        assert_eq!(s.try_read(Some(id("ada"))).await.unwrap(), None);
        assert_eq!(s.database.loads(), 2, "it has only begun to say what it retained");
        s.cache.caught_up(at(1), tokio::time::Instant::now());
        s.read().await;
        assert_eq!((s.read().await, s.database.loads()), (0, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn must_not_be_silent() {
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
    async fn takes_the_copies_with_it() {
        let s = Scene::new();
        s.read().await;
        s.cache.lost();
        s.read().await;
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.read().await;
        assert_eq!(s.database.loads(), 3, "lost is lost");
        s.cache.connected("run", at(0));
        s.cache.caught_up(at(0), tokio::time::Instant::now());
        s.read().await;
        assert_eq!((s.read().await, s.database.loads()), (0, 4), "nobody knows what was missed");
    }

    #[tokio::test(start_paused = true)]
    async fn when_lost_still_has_one_load_for_all_strangers() {
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

mod what_is_shared {
    use super::*;
    use crate::kept::codec;
    use crate::known::version::Version;

    struct Two {
        copies: Arc<FakeCopies>,
        one: Scene,
        other: Scene,
    }

    impl Two {
        /// Two instances, of which one has loaded the post.
        async fn new() -> Self {
            let copies = Arc::new(FakeCopies::default());
            let (one, other) = (Scene::sharing(Some(copies.clone())), Scene::sharing(Some(copies.clone())));
            one.read().await;
            while copies.0.lock().unwrap().is_empty() {
                yield_now().await;
            }
            Self { copies, one, other }
        }

        fn replace(&self, bytes: &[u8]) {
            for copy in self.copies.0.lock().unwrap().values_mut() {
                *copy = bytes.to_vec();
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn saves_the_other_a_load() {
        let two = Two::new().await;
        assert_eq!((two.other.read().await, two.other.read().await), (0, 0));
        assert_eq!((two.one.database.loads(), two.other.database.loads()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn is_not_used_after_a_change() {
        let two = Two::new().await;
        two.other.like(1);
        assert_eq!((two.other.read().await, two.other.database.loads()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn is_not_used_if_older_than_what_is_known() {
        let two = Two::new().await;
        two.other.cache.connected("run", at(5));
        two.other.cache.caught_up(at(5), tokio::time::Instant::now());
        two.other.read().await;
        assert_eq!(two.other.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn is_not_used_if_of_another_run_of_the_log() {
        let two = Two::new().await;
        two.other.cache.connected("another", at(0));
        two.other.cache.caught_up(at(0), tokio::time::Instant::now());
        two.other.read().await;
        assert_eq!(two.other.database.loads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn is_not_used_if_it_is_something_else() {
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
fn lifetimes_differ_by_a_tenth_at_most() {
    let jittered = |chance| super::jittered(Duration::from_mins(5), chance).as_secs_f64();
    let all: Vec<_> = (0..1000).map(|chance| jittered(chance * 7919)).collect();
    let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(l, m), ttl| (l.min(*ttl), m.max(*ttl)));
    assert!((270.0..272.0).contains(&least) && (328.0..=330.0).contains(&most), "{least} to {most}");
}
