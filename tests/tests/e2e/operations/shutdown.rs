//! Stopping the server.

use std::sync::Arc;

use futures_util::future::join_all;
use testkit::app::{AppOptions, RawConnection, TestApp, TestUser};
use testkit::{TestDatabase, on_both_databases};
use tokio::net::TcpStream;

on_both_databases![finishes_requests_in_flight_and_accepts_no_more, sends_repeatable_requests_to_another_instance];

/// Instances that stop at once, so that a rare failure becomes likely.
const INSTANCES: usize = 4;
const READ: &str = "GET /v1/posts HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
const BODY: &str = r#"{"content": "said in time"}"#;

async fn finishes_requests_in_flight_and_accepts_no_more(db: TestDatabase) {
    let db = Arc::new(db);
    // The instances have no Redis that would invalidate each other's caches.
    let uncached = vec![("CACHE_TTL", "0s".to_owned())];
    let app = TestApp::start(Arc::clone(&db), AppOptions { variables: uncached, ..AppOptions::default() });
    let ada = app.sign_up("ada").await;
    let mut stopping = Vec::new();
    for _ in 0..INSTANCES {
        // Each worker opens database connections, which all workers share. All but one worker are idle when the
        // instance stops.
        let variables = vec![("WORKERS", "8".to_owned())];
        let instance = TestApp::start(Arc::clone(&db), AppOptions { variables, ..AppOptions::default() });
        join_all((0..16).map(|_| instance.raw(READ))).await;
        stopping.push((begin_to_publish(&instance, &ada).await, instance));
    }
    for (_, instance) in &mut stopping {
        instance.begin_to_stop();
    }
    // Enough time for idle workers to end, with everything they hold.
    for _ in 0..20 {
        app.get("/v1/posts").expect(200).await;
    }
    join_all(stopping.into_iter().map(|(under_way, instance)| finish(under_way, instance))).await;
    assert_eq!(app.get("/v1/posts").expect(200).await.items().len(), INSTANCES);
}

/// Sends the body once the server accepts no more connections.
async fn finish(mut under_way: RawConnection, instance: TestApp) {
    while TcpStream::connect(instance.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    under_way.send(BODY).await;
    let answer = under_way.finish().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(answer.body.contains("said in time"));
    instance.stop().await;
}

/// Sends the head of a request and waits until the server waits for its body.
async fn begin_to_publish(instance: &TestApp, user: &TestUser) -> RawConnection {
    let head = format!(
        "POST /v1/posts HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        user.access_token,
        BODY.len()
    );
    let mut connection = instance.connect().await;
    connection.send(head).await;
    connection.read_until("100 Continue\r\n\r\n").await;
    connection
}

/// The header of a request that nginx may repeat on another instance.
const REPEATABLE: &str = "GET /v1/posts HTTP/1.1\r\nHost: test\r\nX-Next-Upstream: http_502\r\n\r\n";

async fn sends_repeatable_requests_to_another_instance(db: TestDatabase) {
    // In production, a stopping server serves for a while longer.
    let variables = [("APP_ENV", "production"), ("DATABASE_MIGRATE", "true"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let mut app = TestApp::with(db, &variables);
    let ada = app.sign_up("ada").await;
    let mut proxy = app.connect().await;
    proxy.send(REPEATABLE).await;
    proxy.read_until("HTTP/1.1 200 OK").await;
    let mut writer = begin_to_publish(&app, &ada).await;
    app.begin_to_stop();
    // The server learns of it soon.
    while app.get("/health/ready").send().await.status == 200 {
        tokio::task::yield_now().await;
    }
    proxy.send(REPEATABLE).await;
    proxy.read_until("HTTP/1.1 502 Bad Gateway").await;
    let answer = proxy.finish().await;
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    let nowhere_else = app.raw("GET /v1/posts HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(nowhere_else.status, 200, "{nowhere_else:?}");
    // A request that is not safe to repeat is served to its end.
    writer.send(BODY).await;
    let answer = writer.finish().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    app.stop().await;
}
