//! Clients that take their time. What they do is no fault of the server, and nothing of it concerns the database.

use std::time::Duration;

use testkit::app::TestApp;
use testkit::{Engine, TestDatabase};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_mins(1);

async fn start() -> TestApp {
    TestApp::with(TestDatabase::on(Engine::Sqlite).await, &[("REQUEST_TIMEOUT", "200ms")])
}

#[tokio::test]
async fn who_does_not_send_the_body_is_hung_up_on() {
    let app = start().await;
    let heads = [
        "POST /v1/sessions HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
        "PUT /v1/posts/x/like HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ];
    for head in heads {
        // Reads until the server closes the connection.
        let answer = app.raw(head).await;
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(answer.head.contains("connection: close"), "{answer:?}");
        assert!(answer.body.contains("body_timeout"), "{answer:?}");
    }
}

#[tokio::test]
async fn who_does_not_send_the_head_is_hung_up_on() {
    let answer = start().await.raw("GET /v1/posts HTTP/1.1\r\nHost: t\r\nX-Slow: ").await;
    assert_eq!(answer.status, 408, "{answer:?}");
}

/// One that does not even take what it asked for: the answers fill what there is of buffers, and then they stay.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_does_not_read_the_answers_is_hung_up_on() {
    let app = start().await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let asking = async { while stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: t\r\n\r\n").await.is_ok() {} };
    timeout(PATIENCE, asking).await.unwrap();
}
