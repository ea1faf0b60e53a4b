//! Requests that exceed their time limit.

use std::sync::Arc;

use security::HashingCost;
use serde_json::json;
use testkit::app::{AppOptions, PASSWORD, TestApp};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![are_cancelled_and_leave_nothing_behind];

async fn are_cancelled_and_leave_nothing_behind(db: TestDatabase) {
    // Hashing a password at OWASP's cost takes longer on any machine. The body, which has the same limit, arrives at
    // once.
    let variables = vec![("REQUEST_TIMEOUT", "5ms".to_owned())];
    let app = TestApp::start(
        Arc::new(db),
        AppOptions { variables, hashing_cost: HashingCost::OWASP, ..AppOptions::default() },
    );
    let sign_up = json!({ "username": "ada", "password": PASSWORD });
    for id in ["slow-1", "slow-2"] {
        let request = app.post("/v1/users").json(sign_up.clone()).header("x-request-id", id);
        let answer = request.problem(503, "timeout").await;
        assert_eq!((answer.header("x-request-id"), &answer["request_id"]), (id, &json!(id)));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(app.database().count("users").await, 0);
}
