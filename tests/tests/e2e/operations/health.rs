//! `/health/live` and `/health/ready`.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![report_live_and_ready];

async fn report_live_and_ready(app: TestApp) {
    assert_eq!(app.get("/health/live").expect(200).await.json, json!({ "status": "live" }));
    let ready = app.get("/health/ready").expect(200).await;
    let expected = json!({ "status": "ready", "dependencies": [{ "name": "database", "status": "up" }] });
    assert_eq!(ready.json, expected);
    assert_eq!(ready.header("cache-control"), "no-store");
}
