//! Requests that take too long.

use std::sync::Arc;

use security::HashingCost;
use serde_json::json;
use testkit::app::{AppOptions, PASSWORD, TestApp};
use testkit::{Engine, TestDatabase, on_both_databases};

on_both_databases![are_given_up_and_leave_nothing_behind];

async fn are_given_up_and_leave_nothing_behind(db: TestDatabase) {
    // No machine hashes a password as OWASP asks for within a millisecond.
    let variables = vec![("REQUEST_TIMEOUT", "1ms".to_owned())];
    let app = TestApp::start(Arc::new(db), AppOptions { variables, hashing_cost: HashingCost::OWASP });
    let sign_up = json!({ "username": "ada", "password": PASSWORD });
    for id in ["slow-1", "slow-2"] {
        let request = app.post("/v1/users").json(sign_up.clone()).header("x-request-id", id);
        let answer = request.problem(503, "timeout").await;
        assert_eq!((answer.header("x-request-id"), &answer["request_id"]), (id, &json!(id)));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(app.database().count("users").await, 0);
}

/// That is the client's doing, and no fault of the server: not a 5xx. Nothing of this concerns the database.
#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let app = TestApp::with(TestDatabase::on(Engine::Sqlite).await, &[("REQUEST_TIMEOUT", "200ms")]);
    let heads = [
        "POST /v1/sessions HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
        "PUT /v1/posts/x/like HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ];
    for head in heads {
        let mut connection = app.connect().await;
        connection.send(head).await;
        connection.read_until("HTTP/1.1 408 ").await;
        connection.read_until("body_timeout").await;
    }
}
