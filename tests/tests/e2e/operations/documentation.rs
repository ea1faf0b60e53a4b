//! `/`, `/docs/` and `/openapi.json`. Nothing of this concerns the database.

use std::path::Path;

use serde_json::Value;
use testkit::Engine;
use testkit::app::TestApp;

#[tokio::test]
async fn the_first_page_says_where_to_go() {
    let app = TestApp::on(Engine::Sqlite).await;
    let page = app.get("/").expect(200).await;
    assert!(page.header("content-type").starts_with("text/html"));
    for place in links(&page.text()) {
        let answer = app.get(&place).send().await;
        assert!([200, 308].contains(&answer.status), "{place} leads to {}", answer.status);
    }
    for place in ["/docs", "/openapi.json", "/health/ready"] {
        assert!(page.text().contains(place), "{place}");
    }
}

/// The places on this server that a page refers to.
fn links(page: &str) -> Vec<String> {
    let values = |attribute: &str| {
        let values: Vec<_> =
            page.split(&format!("{attribute}=\"")).skip(1).map(|rest| rest.split('"').next()).collect();
        values.into_iter().flatten().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    [values("href"), values("src")].concat().into_iter().filter(|link| !link.contains("://")).collect()
}

#[tokio::test]
async fn the_docs_bring_everything_along() {
    let app = TestApp::on(Engine::Sqlite).await;
    assert_eq!(app.get("/docs").expect(308).await.header("location"), "/docs/");
    let page = app.get("/docs/").expect(200).await;
    assert!(page.header("content-type").starts_with("text/html"));
    let links = links(&page.text());
    assert!(links.len() >= 4, "{links:?}");
    for link in &links {
        let asset = app.get(&format!("/docs/{}", link.trim_start_matches("./"))).expect(200).await;
        assert!(!asset.body.is_empty());
        let expected = match link.rsplit_once('.').map(|(_, extension)| extension) {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("png") => "image/png",
            other => panic!("what is {link} ({other:?})?"),
        };
        assert!(asset.header("content-type").starts_with(expected), "{link} {}", asset.header("content-type"));
    }
    let start = app.get("/docs/swagger-initializer.js").expect(200).await;
    assert!(start.text().contains("/openapi.json"), "{}", start.text());
    app.get("/docs/nothing.js").expect(404).await;
}

#[tokio::test]
async fn the_document_is_the_one_in_the_repository() {
    let app = TestApp::on(Engine::Sqlite).await;
    let served = app.get("/openapi.json").expect(200).await;
    assert_eq!(served.header("content-type"), "application/json");
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1."));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.json");
    let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert!(served.json == kept, "openapi.json is stale: run `cargo xtask openapi`");
}
