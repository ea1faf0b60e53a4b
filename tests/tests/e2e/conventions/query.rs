//! Unknown query parameters, and the length of the request target. Independent of the database.

use testkit::Engine;
use testkit::app::TestApp;

use crate::fixtures::{Resources, calls};

async fn start() -> TestApp {
    TestApp::on(Engine::Sqlite).await
}

#[tokio::test]
async fn unknown_parameters_are_refused_by_every_call() {
    let app = start().await;
    let ada = app.sign_up("ada").await;
    for operation in calls(|_| true) {
        let path = Resources::unknown().path(&operation);
        let request = app.call(&operation, &format!("{path}?limti=5&b&b=2")).as_user(&ada);
        let refused = request.problem(422, "unknown_parameter").await;
        let errors = refused["errors"].as_array().unwrap();
        let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["b", "limti"], "{operation}");
        assert!(errors.iter().all(|error| error["code"] == "unknown_parameter"), "{operation}");
    }
    ada.me().await;
}

#[tokio::test]
async fn other_paths_ignore_parameters() {
    let app = start().await;
    app.get("/v1/posts?").expect(200).await;
    app.get("/v1/posts?&").expect(200).await;
    app.head("/v1/posts?x=1").expect(422).await;
    app.get("/v1/posts?%6Cimit=5").expect(200).await;
    app.get("/health/live?x=1").expect(200).await;
    app.get("/openapi.json?x=1").expect(200).await;
    app.get("/v1/nothing?x=1").problem(404, "not_found").await;
    app.delete("/v1/posts?x=1").problem(405, "method_not_allowed").await;
    // The token is verified first.
    app.get("/v1/posts?x=1").bearer("garbage").problem(401, "invalid_token").await;
}

#[tokio::test]
async fn a_page_does_not_repeat_unknown_parameters() {
    let app = start().await;
    let ada = app.sign_up("ada").await;
    for number in 0..2 {
        ada.publish(&format!("post {number}")).await;
    }
    let zeros = "0".repeat(1500);
    app.get(&format!("/v1/posts?limit=1&{zeros}=1")).problem(422, "unknown_parameter").await;
    let page = app.get("/v1/posts?limit=1").expect(200).await;
    assert!(page.header("link").starts_with("</v1/posts?limit=1&cursor="), "{}", page.header("link"));
}

#[tokio::test]
async fn the_request_target_has_a_maximum_length() {
    let app = start().await;
    let of_length = |length: usize| format!("/v1/posts?limit={}", "5".repeat(length - "/v1/posts?limit=".len()));
    app.get(&of_length(2048)).problem(422, "validation_failed").await;
    for length in [2049, 5000, 20_000] {
        app.get(&of_length(length)).problem(414, "uri_too_long").await;
    }
    app.get(&format!("/{}", "a".repeat(3000))).problem(414, "uri_too_long").await;
    // The longest valid target, with every character escaped.
    let (name, cursor) = ("%61".repeat(30), "%61".repeat(200));
    app.get(&format!("/v1/users/%40{name}/followers?limit=100&cursor={cursor}")).problem(400, "invalid_cursor").await;
}
