//! Publication of committed facts and of unconfirmed writes, and its failure.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events::{Fact, FactListener, Liked};
use testkit::{NOW, id};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::kept::key::Key;
use crate::test_support::{Database, FakeLog, at, following, hello};
use crate::{Cache, Change, Tag};

/// Longer than the rounds that a test waits for.
const SETTLES: Duration = Duration::from_secs(15);

fn liked() -> Fact {
    Fact::Liked { what: Liked::Post(hello()), by: id("ada"), at: NOW }
}

fn touched() -> Vec<Tag> {
    vec![Tag::Post(hello())]
}

fn scene() -> (Arc<FakeLog>, Cache) {
    let log = Arc::new(FakeLog::default());
    (log.clone(), following(&log, None))
}

#[tokio::test(start_paused = true)]
async fn committed_and_seen_facts_are_published_once_before_the_response() {
    let (log, cache) = scene();
    cache.committed(Some(id("ada")), &[liked()]).await;
    assert_eq!(*log.appended.lock().unwrap(), [Change { by: Some(id("ada")), tags: touched() }]);
    cache.seen(Some(id("ada")), &[liked()]).await;
    assert_eq!(log.tags().len(), 2);
    sleep(SETTLES).await;
    assert_eq!(log.tags().len(), 2, "no further rounds");
}

#[tokio::test(start_paused = true)]
async fn facts_without_tags_are_not_published() {
    let (log, cache) = scene();
    let edited = [Fact::CommentEdited { comment: id("nice"), post: hello() }];
    cache.committed(Some(id("ada")), &edited).await;
    cache.seen(Some(id("ada")), &edited).await;
    cache.unconfirmed(Some(id("ada")), &edited).await;
    sleep(SETTLES).await;
    assert_eq!(log.tags(), []);
    assert!(!cache.leaves_something_open());
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_write_is_published_at_once_and_again() {
    let (log, cache) = scene();
    cache.unconfirmed(Some(id("ada")), &[liked()]).await;
    assert_eq!(log.tags(), touched());
    sleep(SETTLES).await;
    assert_eq!(log.tags(), [touched(), touched(), touched()].concat());
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_write_is_published_though_its_future_was_dropped() {
    let (log, cache) = scene();
    drop(cache.unconfirmed(Some(id("ada")), &[liked()]));
    assert!(cache.leaves_something_open());
    yield_now().await;
    assert_eq!(log.tags(), touched());
    sleep(SETTLES).await;
    assert_eq!(log.tags().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_publication_bypasses_the_cache_until_repaired() {
    let (log, cache) = scene();
    let database = Database::new();
    let read = async || cache.get(&Key::Post(hello()), None, || database.load()).await.unwrap();
    read().await;
    log.fails.store(true, Ordering::SeqCst);
    cache.committed(None, &[liked()]).await;
    assert!(cache.owes());
    read().await;
    cache.caught_up(at(0), tokio::time::Instant::now());
    sleep(Duration::from_millis(50)).await;
    cache.caught_up(at(0), tokio::time::Instant::now());
    read().await;
    assert!(cache.owes(), "the log is still out of reach");
    assert_eq!(database.loads(), 3);

    log.fails.store(false, Ordering::SeqCst);
    sleep(Duration::from_millis(100)).await;
    cache.caught_up(at(0), tokio::time::Instant::now());
    yield_now().await;
    assert!(!cache.owes());
    assert_eq!(log.tags(), [Tag::Everything]);
    read().await;
    read().await;
    assert_eq!(database.loads(), 4, "entries from before are not used");
}
