//! Responses while PostgreSQL has no storage left. SQLite is tested in `program/storage.rs`.

use std::time::Duration;

use serde_json::json;
use testkit::TestDatabase;
use testkit::app::TestApp;

/// A trigger that rejects posts with the content `too much`.
const REFUSE: &str = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                      $$ BEGIN RAISE EXCEPTION 'said inside' USING ERRCODE = 'disk_full'; END $$; \
                      CREATE TRIGGER refuse BEFORE INSERT ON posts \
                      FOR EACH ROW WHEN (NEW.content = 'too much') EXECUTE FUNCTION refuse()";

#[tokio::test(flavor = "multi_thread")]
async fn is_reported_and_recovers() {
    let app: TestApp = {
        let db = TestDatabase::without_tables(testkit::Engine::Postgres).await;
        persistence::migrate(&db.database()).await.unwrap();
        db.execute(REFUSE).await;
        db.into()
    };
    let ada = app.sign_up("ada").await;
    ada.publish("before").await;
    let too_much = || ada.post("/v1/posts").json(json!({ "content": "too much" }));

    // The server detects within a second that other writes succeed, so it may take several checks.
    let told = async {
        loop {
            let answer = too_much().problem(503, "storage_full").await;
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
            assert!(!answer.text().contains("said inside"), "{}", answer.text());
            too_much().key("again").problem(503, "storage_full").await;
            // All instances share the disc and can still read from it, so leaving the load balancer would not help.
            let ready = app.get("/health/ready").expect(200).await;
            if ready.str("status") == "degraded" {
                break ready.json["dependencies"].clone();
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    assert_eq!(told, json!([{ "name": "database", "status": "down" }]));
    assert_eq!(app.get("/v1/posts").expect(200).await.each("content"), ["before"]);

    ada.publish("after").await;
    assert_eq!(app.get("/health/ready").expect(200).await.str("status"), "ready");
    assert_eq!(app.get("/v1/posts").expect(200).await.each("content"), ["after", "before"]);
}
