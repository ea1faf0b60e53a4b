//! More than can be done in time. Nothing of this concerns the database.

use std::sync::Arc;

use api::{Bounds, Concurrency};
use serde_json::json;
use testkit::app::{AppOptions, PASSWORD, TestApp};
use testkit::{Engine, TestDatabase};

const NONE: Bounds = Bounds { steady: 0, burst: 0 };

async fn start(concurrency: Concurrency) -> TestApp {
    let database = Arc::new(TestDatabase::on(Engine::Sqlite).await);
    TestApp::start(database, AppOptions { concurrency, ..AppOptions::default() })
}

#[tokio::test]
async fn is_turned_away_at_once() {
    let app = start(Concurrency { reads: NONE, ..Concurrency::fixed(8) }).await;
    let refused = app.get("/v1/posts").problem(503, "overloaded").await;
    assert_eq!(refused.header("retry-after"), "1");
    app.head("/v1/posts").expect(503).await;
    // Nobody asks who it is, or whether there is such a thing.
    app.get("/v1/nothing").bearer("garbage").problem(503, "overloaded").await;
}

#[tokio::test]
async fn of_one_kind_is_none_of_another() {
    let app = start(Concurrency { reads: NONE, ..Concurrency::fixed(8) }).await;
    app.sign_up("ada").await.publish("still here").await;

    let app = start(Concurrency { writes: NONE, ..Concurrency::fixed(8) }).await;
    let ada = app.sign_up("ada").await;
    ada.post("/v1/posts").json(json!({ "content": "too much" })).problem(503, "overloaded").await;
    app.get("/v1/posts").expect(200).await;

    let app = start(Concurrency { credentials: NONE, ..Concurrency::fixed(8) }).await;
    let sign_up = json!({ "username": "ada", "password": PASSWORD });
    app.post("/v1/users").json(sign_up).problem(503, "overloaded").await;
    app.get("/v1/posts").expect(200).await;
}

#[tokio::test]
async fn is_no_reason_not_to_look_after_the_server() {
    let app = start(Concurrency::fixed(0)).await;
    for path in ["/health/live", "/health/ready", "/metrics", "/"] {
        app.get(path).expect(200).await;
    }
    // Who wants to read up on something is not among them.
    for path in ["/openapi.json", "/docs/", "/docs/swagger-ui-bundle.js"] {
        app.get(path).problem(503, "overloaded").await;
    }
}
