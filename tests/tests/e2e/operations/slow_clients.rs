//! Slow clients. The server closes their connections without a 5xx. Independent of the database.

use std::time::Duration;

use testkit::app::TestApp;
use testkit::{Engine, TestDatabase};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A time limit that no passing test reaches.
const PATIENCE: Duration = Duration::from_mins(1);

async fn start() -> TestApp {
    TestApp::with(TestDatabase::on(Engine::Sqlite).await, &[("REQUEST_TIMEOUT", "200ms")])
}

#[tokio::test]
async fn a_client_that_sends_no_body_is_disconnected() {
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
async fn a_client_that_sends_no_head_is_disconnected() {
    let answer = start().await.raw("GET /v1/posts HTTP/1.1\r\nHost: t\r\nX-Slow: ").await;
    assert_eq!(answer.status, 408, "{answer:?}");
}

/// The client does not read: the responses fill all buffers and stay there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_reads_no_responses_is_disconnected() {
    let app = start().await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let asking = async { while stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: t\r\n\r\n").await.is_ok() {} };
    timeout(PATIENCE, asking).await.unwrap();
}
