//! `If-Match`.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;
use testkit::operations::entries;

use crate::fixtures::{Scene, calls};

on_both_databases![a_stale_tag_is_rejected_by_every_call_that_takes_one];

/// What such a call needs besides, such as its body, is the table.
async fn a_stale_tag_is_rejected_by_every_call_that_takes_one(app: TestApp) {
    let scene = Scene::new(&app).await;
    let bodies = [
        ("editPost", Some(json!({ "content": "words" }))),
        ("deletePost", None),
        ("editComment", Some(json!({ "content": "words" }))),
        ("deleteComment", None),
        ("editMe", Some(json!({ "bio": "words" }))),
    ];
    let operations = calls(|operation| operation.takes_header("If-Match"));
    for (operation, body) in entries(operations, bodies, "a valid body, or `None`") {
        let mut request = scene.request(&app, &operation).header("if-match", "\"999-0123456789abcdef\"");
        if let Some(body) = body {
            request = request.json(body);
        }
        request.problem(412, "precondition_failed").await;
    }
    app.database().assert_counters_exact().await;
}
