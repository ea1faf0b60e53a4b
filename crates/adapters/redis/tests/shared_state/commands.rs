//! Commands: with a Redis, without, and in between.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_adapters::{Redis, RedisObserver, RedisOptions, SharedValues};
use resilience::State;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::scene::{Scene, eventually, eventually_async};

#[tokio::test(flavor = "multi_thread")]
async fn are_answered() {
    let redis = Scene::new().redis();
    assert!(!redis.is_up(), "nobody has needed a connection yet");
    redis.ping().await.unwrap();
    assert!(redis.is_up());
    assert_eq!(redis.state(), State::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn are_answered_in_another_task() {
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
async fn need_an_address() {
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
async fn fail_when_tls_is_wanted_and_there_is_none() {
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
    // Out of the handshake, which takes cryptography to begin.
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("invalid data"), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_untried_when_the_way_is_cut_and_are_answered_again_when_it_is_mended() {
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
async fn give_up_on_a_server_that_does_not_answer() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let redis = scene.redis_behind(&proxy);
    eventually_async("an answer", async || redis.ping().await.is_ok()).await;

    proxy.freeze();
    // The connection stands: without a limit this would wait for ever.
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
async fn need_not_come_for_a_connection_to_be_missed_and_mended() {
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
async fn are_turned_away_past_the_bound() {
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
async fn that_are_dropped_half_way_harm_no_other() {
    let scene = Scene::new();
    let values = SharedValues::new(scene.redis());
    values.set("kept", b"value", Duration::from_mins(1)).await.unwrap();
    for _ in 0..50 {
        let _ = tokio::time::timeout(Duration::from_micros(100), values.get("other")).await;
        assert_eq!(values.get("kept").await.unwrap().unwrap(), b"value");
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<(&'static str, bool)>>);

impl RedisObserver for Told {
    fn command(&self, name: &'static str, _elapsed: Duration, failed: bool) {
        self.0.lock().unwrap().push((name, failed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn are_observed() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let told = Arc::new(Told::default());
    let redis = scene.redis_behind_with(&proxy, RedisOptions { observer: Some(told.clone()), ..scene.options() });
    redis.ping().await.unwrap();
    SharedValues::new(redis.clone()).get("key").await.unwrap();
    proxy.cut();
    eventually("no connection", || !redis.is_up()).await;
    let _ = redis.ping().await;
    assert_eq!(*told.0.lock().unwrap(), [("ping", false), ("get_value", false), ("ping", true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_redis_dislikes_leave_the_breaker_closed() {
    let scene = Scene::new();
    let redis = scene.redis();
    let values = SharedValues::new(redis.clone());
    let () = scene.raw("LPUSH", "value:list", &["1"]).await;
    for _ in 0..20 {
        assert!(values.get("list").await.is_err());
    }
    assert_eq!(redis.state(), State::Closed);
}
