//! Responses while PostgreSQL is unreachable. SQLite always is reachable.

use std::time::Duration;

use serde_json::json;
use testkit::app::TestApp;
use testkit::{Proxy, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn is_reported_and_recovers() {
    let db = TestDatabase::postgres().await;
    let (proxy, url) = Proxy::before(db.url()).await;
    let app = TestApp::with(db, &[("DATABASE_URL", &url)]);
    let ada = app.sign_up("ada").await;
    let post = ada.publish("before").await;

    proxy.cut();
    let requests = [
        app.get("/v1/posts"),
        app.get(&format!("/v1/posts/{post}")),
        ada.post("/v1/posts").json(json!({ "content": "meanwhile" })),
        ada.put(&format!("/v1/posts/{post}/like")),
        ada.put(&format!("/v1/posts/{post}/bookmark")),
        ada.get("/v1/bookmarks"),
        app.post("/v1/sessions").json(json!({ "username": "ada", "password": "some password" })),
    ];
    let answers = futures_util::future::join_all(requests.map(testkit::app::TestRequest::send)).await;
    for answer in answers {
        let answer = answer.problem(503, "database_unavailable");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        assert!(!answer.text().contains("sqlx") && !answer.text().contains("5432"), "{}", answer.text());
    }
    let ready = app.get("/health/ready").expect(503).await;
    let expected = json!({ "status": "unavailable", "dependencies": [{ "name": "database", "status": "down" }] });
    assert_eq!(ready.json, expected);
    app.get("/health/live").expect(200).await;

    proxy.mend();
    // The server detects the recovery on its own, within moments.
    let ready = async { while app.get("/health/ready").send().await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(30), ready).await.unwrap();
    ada.publish("after").await;
    assert_eq!(app.get("/v1/posts").expect(200).await.each("content"), ["after", "before"]);
}
