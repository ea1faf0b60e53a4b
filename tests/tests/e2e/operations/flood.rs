//! More concurrent log-ins than passwords can be checked.

use std::sync::Arc;

use futures_util::future::join_all;
use security::HashingCost;
use serde_json::json;
use testkit::app::{AppOptions, TestApp};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![slows_down_log_ins_but_not_reads];

async fn slows_down_log_ins_but_not_reads(db: TestDatabase) {
    let options = AppOptions { hashing_cost: HashingCost::OWASP, ..AppOptions::default() };
    let app = TestApp::start(Arc::new(db), options);
    let log_in = |number: usize| {
        let body = json!({ "username": format!("user_{number}"), "password": "some password" });
        app.post("/v1/sessions").json(body).send()
    };
    let flood = join_all((0..100).map(log_in));
    let reads = async {
        for _ in 0..5 {
            app.get("/v1/posts").expect(200).await;
        }
    };
    tokio::pin!(flood);
    let early = tokio::select! {
        biased;
        answers = &mut flood => Some(answers),
        () = reads => None,
    };
    assert!(early.is_none(), "a hundred log-ins were over before five reads");
    for answer in flood.await {
        match answer.status {
            401 => answer.problem(401, "invalid_credentials"),
            _ => answer.problem(503, "overloaded"),
        };
    }
}
