//! How the server ends.

use std::sync::Arc;

use futures_util::future::join_all;
use testkit::app::{AppOptions, RawConnection, TestApp, TestUser};
use testkit::{TestDatabase, on_both_databases};
use tokio::net::TcpStream;

on_both_databases![finishes_what_it_began_and_takes_no_more];

/// Instances that stop at once: what one of them does wrong now and then, one of several does each time.
const INSTANCES: usize = 4;
const READ: &str = "GET /v1/posts HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
const BODY: &str = r#"{"content": "said in time"}"#;

async fn finishes_what_it_began_and_takes_no_more(db: TestDatabase) {
    let db = Arc::new(db);
    let app = TestApp::start(Arc::clone(&db), AppOptions::default());
    let ada = app.sign_up("ada").await;
    let mut stopping = Vec::new();
    for _ in 0..INSTANCES {
        // Each worker opens connections to the database, which all of them share; all but one have nothing to do then.
        let variables = vec![("WORKERS", "8".to_owned())];
        let instance = TestApp::start(Arc::clone(&db), AppOptions { variables, ..AppOptions::default() });
        join_all((0..16).map(|_| instance.raw(READ))).await;
        stopping.push((begin_to_publish(&instance, &ada).await, instance));
    }
    for (_, instance) in &mut stopping {
        instance.begin_to_stop();
    }
    // Time for the workers that have nothing to do to end, and for what they hold to end with them.
    for _ in 0..20 {
        app.get("/v1/posts").expect(200).await;
    }
    join_all(stopping.into_iter().map(|(under_way, instance)| finish(under_way, instance))).await;
    assert_eq!(app.get("/v1/posts").expect(200).await.items().len(), INSTANCES);
}

/// Sends the body once the server takes no more connections.
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

/// A request of which the server has the head, and waits for the body.
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
