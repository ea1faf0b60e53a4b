//! Requests that take too long.

use std::sync::Arc;

use security::HashingCost;
use serde_json::json;
use testkit::app::{AppOptions, PASSWORD, TestApp};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![are_given_up_and_leave_nothing_behind];

async fn are_given_up_and_leave_nothing_behind(db: TestDatabase) {
    // No machine hashes a password as OWASP asks for in that time; the body, which has as long, is there at once.
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
