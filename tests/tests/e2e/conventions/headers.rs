//! Headers of every response. Independent of the database. All tests check that every response has them.

use std::collections::BTreeSet;

use testkit::Engine;
use testkit::app::{TestApp, operations};
use testkit::operations::Operation;

use crate::fixtures::Resources;

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_is_made() {
    let app = TestApp::on(Engine::Sqlite).await;
    let longest = "x".repeat(128);
    for sane in ["trace-1_a.b:c", "1", &longest] {
        for path in ["/v1/posts", "/v1/nothing", "/v1/feed", "/health/live"] {
            let answer = app.get(path).header("x-request-id", sane).send().await;
            assert_eq!(answer.header("x-request-id"), sane, "{path}");
        }
    }
    let too_long = "x".repeat(129);
    let mut made = BTreeSet::new();
    for insane in ["", "a b", "a\"b", "<script>", "é", &too_long] {
        let answer = app.get("/v1/feed").header("x-request-id", insane).expect(401).await;
        assert_ne!(answer.header("x-request-id"), insane);
        made.insert(answer.header("x-request-id").to_owned());
    }
    made.insert(app.get("/v1/posts").expect(200).await.header("x-request-id").to_owned());
    assert_eq!(made.len(), 7, "each has its own");
}

#[tokio::test]
async fn the_usual_security_headers_are_there() {
    let app = TestApp::on(Engine::Sqlite).await;
    let reads = operations().into_iter().filter(Operation::is_read);
    let mut paths: Vec<_> = reads.map(|operation| Resources::unknown().path(&operation)).collect();
    paths.extend(["/v1/nothing", "/docs/"].map(ToOwned::to_owned));
    for path in paths {
        let answer = app.get(&path).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert_eq!(answer.header("server"), "", "{path}");
    }
    let api = app.get("/v1/posts").expect(200).await;
    assert_eq!(api.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert!(api.header("content-type").starts_with("application/json"));
}
