//! `HEAD` works wherever `GET` does.

use testkit::Engine;
use testkit::app::{TestApp, operations};
use testkit::operations::Operation;

use crate::fixtures::Scene;

#[tokio::test]
async fn responds_like_get_without_a_body() {
    let app = TestApp::on(Engine::Sqlite).await;
    let scene = Scene::new(&app).await;
    let mut count = 0;
    for operation in operations().into_iter().filter(Operation::is_read) {
        let path = scene.path(&operation);
        let as_user = |request: testkit::app::TestRequest| {
            if operation.is_api() { request.as_user(&scene.author) } else { request }
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
