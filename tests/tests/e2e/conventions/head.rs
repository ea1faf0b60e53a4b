//! `HEAD` works wherever `GET` does.

use testkit::Engine;
use testkit::app::{TestApp, operations};

#[tokio::test]
async fn responds_like_get_without_a_body() {
    let app = TestApp::on(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let comment = ada.comment(&post, "hello").await;
    let mut count = 0;
    for (method, template) in operations() {
        if method != "GET" {
            continue;
        }
        let id = if template.starts_with("/v1/comments") { &comment } else { &post };
        let path = template.replace("{id}", id).replace("{user}", "@ada");
        let as_user = |request: testkit::app::TestRequest| {
            if path.starts_with("/v1/") { request.as_user(&ada) } else { request }
        };
        let get = as_user(app.get(&path)).send().await;
        let head = as_user(app.head(&path)).expect(get.status).await;
        for header in ["content-type", "etag", "cache-control", "vary", "link", "location"] {
            assert_eq!(head.joined_header(header), get.joined_header(header), "{path} {header}");
        }
        if get.status == 200 && path != "/metrics" {
            assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        }
        count += 1;
    }
    assert!(count >= 18, "{count} operations");
    app.head("/v1/nothing").expect(404).await;
    app.head("/v1/sessions/refresh").expect(405).await;
    app.head("/v1/feed").expect(401).await;
}
