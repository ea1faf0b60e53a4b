//! Users' positions.

use redis_adapters::UserPositions;

use crate::scene::{Scene, user};

#[tokio::test(flavor = "multi_thread")]
async fn are_kept_for_each_user() {
    let scene = Scene::new();
    let (here, there) = (UserPositions::new(scene.redis()), UserPositions::new(scene.redis()));
    here.note(user(1), 10).await.unwrap();
    assert_eq!(there.noted(user(1)).await.unwrap(), Some(10));
    assert_eq!(there.noted(user(2)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_grow() {
    let scene = Scene::new();
    let positions = UserPositions::new(scene.redis());
    // The last three are equal as doubles.
    for (noted, highest) in [
        (5, 5),
        (40, 40),
        (9, 40),
        (0, 40),
        (u64::MAX - 1, u64::MAX - 1),
        (u64::MAX - 2, u64::MAX - 1),
        (u64::MAX, u64::MAX),
    ] {
        positions.note(user(1), noted).await.unwrap();
        assert_eq!(positions.noted(user(1)).await.unwrap(), Some(highest), "after {noted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_the_highest_of_concurrent_notes() {
    let scene = Scene::new();
    let positions = UserPositions::new(scene.redis());
    let notes: Vec<_> = (0..50)
        .map(|number| {
            let positions = positions.clone();
            tokio::spawn(async move { positions.note(user(1), number * 7 % 50).await.unwrap() })
        })
        .collect();
    for note in notes {
        note.await.unwrap();
    }
    assert_eq!(positions.noted(user(1)).await.unwrap(), Some(49));
}

#[tokio::test(flavor = "multi_thread")]
async fn expire_after_a_minute() {
    let scene = Scene::new();
    let positions = UserPositions::new(scene.redis());
    let key = format!("position:{}", user(1));
    positions.note(user(1), 10).await.unwrap();
    let () = scene.raw("PEXPIRE", &key, &["30000"]).await;
    // A lower position does not change the expiry. A higher one has a full minute.
    positions.note(user(1), 9).await.unwrap();
    let milliseconds: u64 = scene.raw("PTTL", &key, &[]).await;
    assert!((1..=30_000).contains(&milliseconds), "{milliseconds}");
    positions.note(user(1), 11).await.unwrap();
    let milliseconds: u64 = scene.raw("PTTL", &key, &[]).await;
    assert!((30_001..=60_000).contains(&milliseconds), "{milliseconds}");
}
