//! What the server says while PostgreSQL has no room left. How SQLite fares is in `program/storage.rs`.

use std::time::Duration;

use serde_json::json;
use testkit::TestDatabase;
use testkit::app::TestApp;

/// Does not store what says `too much`.
const REFUSE: &str = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                      $$ BEGIN RAISE EXCEPTION 'said inside' USING ERRCODE = 'disk_full'; END $$; \
                      CREATE TRIGGER refuse BEFORE INSERT ON posts \
                      FOR EACH ROW WHEN (NEW.content = 'too much') EXECUTE FUNCTION refuse()";

#[tokio::test(flavor = "multi_thread")]
async fn is_said_and_got_over() {
    let app: TestApp = {
        let db = TestDatabase::without_tables(testkit::Engine::Postgres).await;
        persistence::migrate(&db.database()).await.unwrap();
        db.execute(REFUSE).await;
        db.into()
    };
    let ada = app.sign_up("ada").await;
    ada.publish("before").await;
    let too_much = || ada.post("/v1/posts").json(json!({ "content": "too much" }));

    // It is found out within a second that other things are stored; so it may take more than one look.
    let told = async {
        loop {
            let answer = too_much().problem(503, "storage_full").await;
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
            assert!(!answer.text().contains("said inside"), "{}", answer.text());
            too_much().key("again").problem(503, "storage_full").await;
            // All instances have the disc in common, and it can be read: out of the rotation would help nobody.
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
