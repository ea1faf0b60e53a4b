//! Connections: malformed requests, idle connections, surplus connections. Independent of the database.

use std::net::Ipv4Addr;
use std::sync::Arc;

use http_kit::connections::ConnectionBounds;
use serde_json::Value;
use testkit::app::{AppOptions, RawResponse, TestApp};
use testkit::{Engine, TestDatabase};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: t\r\n\r\n";
const POSTS: &str = "GET /v1/posts HTTP/1.1\r\nHost: t\r\n\r\n";

async fn start() -> TestApp {
    TestApp::on(Engine::Sqlite).await
}

/// Checks that the response is a problem with the same id in header and body, and closes the connection.
fn assert_refused(answer: &RawResponse, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.head.contains("\r\nconnection: close\r\n"), "{answer:?}");
    assert!(answer.head.contains("\r\ncontent-type: application/problem+json\r\n"), "{answer:?}");
    assert!(answer.head.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer:?}");
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()));
    let id = format!("\r\nx-request-id: {}\r\n", problem["request_id"].as_str().unwrap());
    assert!(answer.head.contains(&id), "{answer:?}");
}

#[tokio::test]
async fn malformed_requests_get_a_problem() {
    let app = start().await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: 1\r\n".repeat(200));
    let large = format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(300_000));
    for (bytes, status, code) in [
        ("nonsense\r\n\r\n", 400, "bad_request"),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
        (many.as_str(), 431, "headers_too_large"),
        (large.as_str(), 431, "headers_too_large"),
    ] {
        assert_refused(&app.raw(bytes).await, status, code);
        // The same after a valid request on the connection.
        let mut connection = app.connect().await;
        connection.send(format!("{LIVE}{bytes}")).await;
        connection.read_until(r#"{"status":"live"}"#).await;
        assert_refused(&connection.finish().await, status, code);
    }
}

#[tokio::test]
async fn no_response_follows_the_last_one() {
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = start().await.raw(format!("{head}no chunk\r\n")).await;
    assert_refused(&answer, 400, "malformed_body");
}

#[tokio::test]
async fn the_head_of_a_second_request_has_a_timeout_too() {
    let app = start().await;
    let mut connection = app.connect().await;
    connection.send(LIVE).await;
    connection.read_until(r#"{"status":"live"}"#).await;
    connection.send("GET /v1/posts HTTP/1.1\r\nX-Slow: ").await;
    assert_refused(&connection.finish().await, 408, "request_timeout");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let answer = start().await.raw("").await;
    assert_eq!((answer.status, answer.head.as_str()), (0, ""));
}

#[tokio::test]
async fn pipelined_requests_are_all_answered() {
    let app = start().await;
    let mut connection = app.connect().await;
    let count = 2000;
    connection
        .send(format!("{}GET /health/live HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", LIVE.repeat(count)))
        .await;
    for _ in 0..count {
        connection.read_until(r#"{"status":"live"}"#).await;
    }
    assert_eq!(connection.finish().await.body, r#"{"status":"live"}"#);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_cannot_take_the_connections_of_another() {
    let database = Arc::new(TestDatabase::on(Engine::Sqlite).await);
    let connections = ConnectionBounds { all: 100, of_a_network: 2 };
    let app = TestApp::start(database, AppOptions { connections, ..AppOptions::default() });
    let (first, second, other) =
        (Ipv4Addr::new(127, 0, 0, 7), Ipv4Addr::new(127, 0, 0, 8), Ipv4Addr::new(127, 0, 0, 9));
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut connection = app.connect_from(first).await;
        connection.send(POSTS).await;
        connection.read_until(r#""next_cursor":null}"#).await;
        served.push(connection);
    }
    let mut surplus = app.connect_from(first).await;
    surplus.send(POSTS).await;
    let mut last = app.connect_from(first).await;
    last.send(LIVE).await;
    assert_refused(&surplus.finish().await, 503, "overloaded");
    // Surplus connections get the 503 up to twice the bound.
    assert_eq!(last.finish().await.status, 200);
    for address in [second, other] {
        let mut connection = app.connect_from(address).await;
        connection.send(LIVE).await;
        connection.read_until(r#"{"status":"live"}"#).await;
    }
    // Connections within the bound are still served.
    served[0].send(LIVE).await;
    served[0].read_until(r#"{"status":"live"}"#).await;
}
