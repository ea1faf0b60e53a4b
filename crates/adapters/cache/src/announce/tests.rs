//! Writes that succeed, fail, hang and cannot be announced.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::RepositoryError;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::key::Key;
use crate::test_support::{Database, FakeLog, at, change, following, hello};
use crate::{Cache, Change, Tag};

/// Longer than anything is in doubt.
const SETTLES: Duration = Duration::from_secs(15);

fn touching() -> Change {
    change(vec![Tag::Post(hello())])
}

fn scene() -> (Arc<FakeLog>, Cache) {
    let log = Arc::new(FakeLog::default());
    (log.clone(), following(&log, None))
}

#[tokio::test(start_paused = true)]
async fn a_change_is_announced_before_the_write_is_answered() {
    let (log, cache) = scene();
    let write = async {
        assert_eq!(log.tags(), [], "not before it is committed");
        Ok(7)
    };
    assert_eq!(cache.write(touching(), |_| true, write).await.unwrap(), 7);
    assert_eq!(log.tags(), touching().tags);
    sleep(SETTLES).await;
    assert_eq!(log.tags().len(), 1, "and never again");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_announced_if_nothing_changed() {
    let (log, cache) = scene();
    cache.write(touching(), |()| false, async { Ok(()) }).await.unwrap();
    sleep(SETTLES).await;
    assert_eq!(log.tags(), []);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_announced_of_what_was_too_much_to_begin() {
    let (log, cache) = scene();
    let write = async { Err(RepositoryError::overloaded("posts.like", Duration::from_secs(1), "full")) };
    cache.write::<()>(touching(), |()| true, write).await.unwrap_err();
    sleep(SETTLES).await;
    assert_eq!(log.tags(), []);
}

#[tokio::test(start_paused = true)]
async fn a_failed_write_is_announced_at_once_and_again() {
    let (log, cache) = scene();
    let write = async { Err(RepositoryError::unavailable("posts.like", "connection lost")) };
    cache.write::<()>(touching(), |()| true, write).await.unwrap_err();
    assert_eq!(log.tags(), touching().tags);
    sleep(SETTLES).await;
    assert_eq!(log.tags(), [touching().tags, touching().tags, touching().tags].concat());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_dropped_is_announced_at_once_and_again() {
    let (log, cache) = scene();
    let write = cache.write::<()>(touching(), |()| true, pending());
    timeout(Duration::from_millis(10), write).await.unwrap_err();
    yield_now().await;
    assert_eq!(log.tags(), touching().tags);
    sleep(SETTLES).await;
    assert_eq!(log.tags().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_announced_is_owed_and_no_copy_is_used_until_it_is_made_up_for() {
    let (log, cache) = scene();
    let database = Database::new();
    let read = async || cache.get(&Key::Post(hello()), None, || database.load()).await.unwrap();
    read().await;
    log.fails.store(true, Ordering::SeqCst);
    cache.write(touching(), |()| true, async { Ok(()) }).await.unwrap();
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
    assert_eq!(database.loads(), 4, "what was copied before is not used");
}
