//! Cached values.

use std::time::Duration;

use redis_adapters::SharedValues;

use crate::scene::{Scene, eventually_async};

#[tokio::test(flavor = "multi_thread")]
async fn are_shared() {
    let scene = Scene::new();
    let (here, there) = (SharedValues::new(scene.redis()), SharedValues::new(scene.redis()));
    assert_eq!(there.get("key").await.unwrap(), None);
    for value in [b"\x00\xff\r\n".as_slice(), b""] {
        here.set("key", value, Duration::from_mins(1)).await.unwrap();
        assert_eq!(there.get("key").await.unwrap().unwrap(), value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expire() {
    let scene = Scene::new();
    let values = SharedValues::new(scene.redis());
    values.set("soon", b"value", Duration::from_millis(1)).await.unwrap();
    values.set("at once", b"value", Duration::ZERO).await.unwrap();
    eventually_async("both gone", async || {
        values.get("soon").await.unwrap().is_none() && values.get("at once").await.unwrap().is_none()
    })
    .await;
}
