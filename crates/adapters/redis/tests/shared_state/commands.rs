//! Commands: with Redis reachable, unreachable, and recovering.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_adapters::{Redis, RedisObserver, RedisOptions, SharedValues};
use resilience::State;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::scene::{Scene, eventually, eventually_async};

#[tokio::test(flavor = "multi_thread")]
async fn succeed() {
    let redis = Scene::new().redis();
    assert!(!redis.is_up(), "it connects with the first command");
    redis.ping().await.unwrap();
    assert!(redis.is_up());
    assert_eq!(redis.state(), State::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn succeed_from_many_tasks() {
    let redis = Scene::new().redis();
    let pings: Vec<_> = (0..200)
        .map(|_| {
            tokio::spawn({
                let redis = redis.clone();
                async move { redis.ping().await }
            })
        })
        .collect();
    for ping in pings {
        ping.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn need_a_valid_address() {
    for url in ["", "redis", "http://localhost", "redis://host:port"] {
        assert!(Redis::connect(url, RedisOptions::default()).is_err(), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_without_a_server() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let redis = scene.redis_behind(&proxy);
    drop(proxy);
    let error = redis.ping().await.unwrap_err();
    assert!(error.was_tried());
    assert!(error.source().is_some());
    assert!(!redis.is_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_when_the_server_has_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"-ERR no TLS here\r\n").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    let options = RedisOptions { command_timeout: Duration::from_secs(10), ..RedisOptions::default() };
    let redis = Redis::connect(&format!("rediss://{address}"), options).unwrap();
    let error = redis.ping().await.unwrap_err();
    // The error comes from the handshake, so a cryptography provider was found.
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("invalid data"), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_fast_during_an_outage_and_recover_after_it() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let redis = scene.redis_behind(&proxy);
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;

    proxy.cut();
    eventually_async("an open breaker", async || {
        let _ = redis.ping().await;
        redis.state() == State::Open
    })
    .await;
    eventually_async("a refusal", async || redis.ping().await.is_err_and(|error| !error.was_tried())).await;
    assert!(!redis.is_up());

    proxy.mend();
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;
    assert_eq!(redis.state(), State::Closed);
    assert!(redis.is_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_out_on_a_frozen_server() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let redis = scene.redis_behind(&proxy);
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;

    proxy.freeze();
    // The connection stays open: without a time limit this would wait forever.
    let error = redis.ping().await.unwrap_err();
    assert!(error.was_tried());
    eventually_async("an open breaker", async || {
        let _ = redis.ping().await;
        redis.state() == State::Open
    })
    .await;

    proxy.mend();
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn are_not_needed_to_reconnect() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let redis = scene.redis_behind(&proxy);
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;
    proxy.cut();
    eventually("no connection", || !redis.is_up()).await;
    proxy.mend();
    eventually("a connection", || redis.is_up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn are_rejected_beyond_the_limit_in_flight() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let options = RedisOptions { max_in_flight: 1, command_timeout: Duration::from_secs(2), ..scene.options() };
    let redis = scene.redis_behind_with(&proxy, options);
    redis.ping().await.unwrap();
    proxy.freeze();
    let (first, second) = tokio::join!(redis.ping(), redis.ping());
    assert!(first.unwrap_err().was_tried());
    assert!(!second.unwrap_err().was_tried());
    assert_eq!(redis.state(), State::Closed);
    proxy.mend();
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_are_cancelled_leave_others_intact() {
    let scene = Scene::new();
    let values = SharedValues::new(scene.redis());
    values.set("kept", b"value", Duration::from_mins(1)).await.unwrap();
    for _ in 0..50 {
        let _ = tokio::time::timeout(Duration::from_micros(100), values.get("other")).await;
        assert_eq!(values.get("kept").await.unwrap().unwrap(), b"value");
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<(&'static str, bool)>>);

impl RedisObserver for Recorder {
    fn command(&self, name: &'static str, _elapsed: Duration, failed: bool) {
        self.0.lock().unwrap().push((name, failed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn are_observed() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let recorder = Arc::new(Recorder::default());
    let redis = scene.redis_behind_with(&proxy, RedisOptions { observer: Some(recorder.clone()), ..scene.options() });
    redis.ping().await.unwrap();
    SharedValues::new(redis.clone()).get("key").await.unwrap();
    proxy.cut();
    eventually("no connection", || !redis.is_up()).await;
    let _ = redis.ping().await;
    assert_eq!(*recorder.0.lock().unwrap(), [("ping", false), ("get_value", false), ("ping", true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_redis_rejects_leave_the_breaker_closed() {
    let scene = Scene::new();
    let redis = scene.redis();
    let values = SharedValues::new(redis.clone());
    let () = scene.raw("LPUSH", "value:list", &["1"]).await;
    for _ in 0..20 {
        assert!(values.get("list").await.is_err());
    }
    assert_eq!(redis.state(), State::Closed);
}
