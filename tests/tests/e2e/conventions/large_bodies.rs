//! Bodies over 64 KiB. Independent of the database.

use serde_json::json;
use testkit::Engine;
use testkit::app::{RawResponse, TestApp, TestUser};

use crate::fixtures::{Scene, calls};

const LIMIT: usize = 64 * 1024;
const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

async fn start() -> (TestApp, TestUser) {
    let app = TestApp::on(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    (app, ada)
}

/// JSON of exactly this many bytes, padded with white space.
fn json_of(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"content": "x"}"#.to_vec();
    body.resize(bytes, b' ');
    body
}

async fn chunked(app: &TestApp, ada: &TestUser, body: &[u8]) -> RawResponse {
    let head = format!(
        "POST /v1/posts HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        ada.access_token
    );
    let mut request = head.into_bytes();
    for chunk in body.chunks(8000) {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend_from_slice(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    app.raw(request).await
}

#[tokio::test]
async fn up_to_the_limit_they_are_read() {
    let (app, ada) = start().await;
    ada.post("/v1/posts").body("application/json", json_of(LIMIT)).expect(201).await;
    assert_eq!(chunked(&app, &ada, &json_of(LIMIT)).await.status, 201);
}

#[tokio::test]
async fn beyond_the_limit_they_are_rejected_in_every_encoding() {
    let (app, ada) = start().await;
    for size in [LIMIT + 1, 2 * LIMIT, TEN_MEGABYTES] {
        let answer = ada.post("/v1/posts").body("application/json", json_of(size)).send().await;
        answer.problem(413, "body_too_large");
        let answer = chunked(&app, &ada, &json_of(size)).await;
        assert_eq!(answer.status, 413, "{size}: {answer:?}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert!(answer.body.contains("\"body_too_large\""), "{answer:?}");
    }
    // Calls that read no body reject a large one too.
    app.post("/v1/sessions").body("application/json", json_of(TEN_MEGABYTES)).problem(413, "body_too_large").await;
    app.post("/v1/nothing").body("application/json", json_of(TEN_MEGABYTES)).problem(413, "body_too_large").await;
    ada.publish("still here").await;
}

#[tokio::test]
async fn beyond_the_limit_they_are_rejected_by_every_call() {
    let app = TestApp::on(Engine::Sqlite).await;
    let scene = Scene::new(&app).await;
    for operation in calls(|operation| !operation.is_read()) {
        let request = scene.request(&app, &operation).body("application/json", json_of(LIMIT + 1));
        request.problem(413, "body_too_large").await;
    }
    scene.author.publish("still here").await;
}

#[tokio::test]
async fn a_body_that_is_announced_and_breaks_off_is_rejected() {
    let (app, _) = start().await;
    let mut connection = app.connect().await;
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {TEN_MEGABYTES}\r\n\r\n"
    );
    connection.send(head).await;
    connection.read_until("100 Continue\r\n\r\n").await;
    connection.send("{").await;
    connection.half_close().await;
    let answer = connection.finish().await;
    assert!([400, 413].contains(&answer.status), "{answer:?}");
    app.get("/health/ready").expect(200).await;
}

#[tokio::test]
async fn many_at_once_are_survived() {
    let (_app, ada) = start().await;
    let requests = (0..8).map(|_| ada.post("/v1/posts").body("application/json", json_of(TEN_MEGABYTES)).send());
    for answer in futures_util::future::join_all(requests).await {
        answer.problem(413, "body_too_large");
    }
    ada.post("/v1/posts").json(json!({ "content": "still here" })).expect(201).await;
}
