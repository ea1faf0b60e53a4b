//! Shared rate limits.

use std::time::Duration;

use redis_adapters::{SharedLimits, Taken};

use crate::scene::{Scene, eventually_async};

const HOUR: Duration = Duration::from_hours(1);

fn is_granted(taken: Taken) -> bool {
    matches!(taken, Taken::Granted { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn count_down_and_refuse() {
    let scene = Scene::new();
    let limits = SharedLimits::new(scene.redis());
    for left in [2, 1, 0] {
        let Taken::Granted { remaining, reset } = limits.take("key", 3, HOUR).await.unwrap() else { panic!("{left}") };
        assert_eq!(remaining, left);
        assert!(reset > HOUR * (2 - left) && reset <= HOUR * (3 - left), "{reset:?}");
    }
    let Taken::Refused { retry_after } = limits.take("key", 3, HOUR).await.unwrap() else { panic!() };
    assert!(retry_after > Duration::ZERO && retry_after <= HOUR, "{retry_after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn are_independent() {
    let scene = Scene::new();
    let limits = SharedLimits::new(scene.redis());
    for key in ["one", "other"] {
        assert!(is_granted(limits.take(key, 1, HOUR).await.unwrap()));
        assert!(!is_granted(limits.take(key, 1, HOUR).await.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_exactly_the_burst_to_concurrent_callers() {
    let scene = Scene::new();
    // Two instances, with separate connections.
    let instances = [SharedLimits::new(scene.redis()), SharedLimits::new(scene.redis())];
    let takes: Vec<_> = (0..50)
        .map(|number| {
            let limits = instances[number % 2].clone();
            tokio::spawn(async move { limits.take("key", 17, HOUR).await.unwrap() })
        })
        .collect();
    let mut left = Vec::new();
    for take in takes {
        if let Taken::Granted { remaining, .. } = take.await.unwrap() {
            left.push(remaining);
        }
    }
    left.sort_unstable();
    assert_eq!(left, (0..17).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn are_shared() {
    let scene = Scene::new();
    let (one, other) = (SharedLimits::new(scene.redis()), SharedLimits::new(scene.redis()));
    assert!(is_granted(one.take("key", 2, HOUR).await.unwrap()));
    assert!(is_granted(other.take("key", 2, HOUR).await.unwrap()));
    assert!(!is_granted(one.take("key", 2, HOUR).await.unwrap()));
    assert!(!is_granted(other.take("key", 2, HOUR).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn are_refilled() {
    let scene = Scene::new();
    let limits = SharedLimits::new(scene.redis());
    let refill = Duration::from_millis(200);
    assert!(is_granted(limits.take("key", 1, refill).await.unwrap()));
    eventually_async("one given back", async || is_granted(limits.take("key", 1, refill).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expire_when_full() {
    let scene = Scene::new();
    let limits = SharedLimits::new(scene.redis());
    limits.take("key", 5, HOUR).await.unwrap();
    let milliseconds: u64 = scene.raw("PTTL", "limit:key", &[]).await;
    assert!((1..=3_600_001).contains(&milliseconds), "{milliseconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn survive_a_clock_that_was_set_back() {
    let scene = Scene::new();
    let limits = SharedLimits::new(scene.redis());
    // As if the clock had been set back by years.
    let () = scene.raw("SET", "limit:key", &["9000000000000000"]).await;
    let Taken::Refused { retry_after } = limits.take("key", 5, HOUR).await.unwrap() else { panic!() };
    assert!(retry_after <= HOUR, "{retry_after:?}");
}
