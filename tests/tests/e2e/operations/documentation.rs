//! `/`, `/docs/` and `/openapi.json`. Independent of the database.

use std::path::Path;

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp};
use testkit::{Engine, TestDatabase};

#[tokio::test]
async fn the_start_page_links_to_everything() {
    let app = TestApp::on(Engine::Sqlite).await;
    let page = app.get("/").expect(200).await;
    assert!(page.header("content-type").starts_with("text/html"));
    for place in links(&page.text()) {
        let answer = app.get(&place).send().await;
        assert!([200, 308].contains(&answer.status), "{place} leads to {}", answer.status);
    }
    for place in ["/docs", "/openapi.json", "/health/live"] {
        assert!(page.text().contains(place), "{place}");
    }
}

/// The local links of a page.
fn links(page: &str) -> Vec<String> {
    let values = |attribute: &str| {
        let values: Vec<_> =
            page.split(&format!("{attribute}=\"")).skip(1).map(|rest| rest.split('"').next()).collect();
        values.into_iter().flatten().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    [values("href"), values("src")].concat().into_iter().filter(|link| !link.contains("://")).collect()
}

#[tokio::test]
async fn the_docs_load_only_local_files() {
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
            other => panic!("unexpected type of {link}: {other:?}"),
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

#[tokio::test]
async fn unchanged_files_get_304() {
    let app = TestApp::on(Engine::Sqlite).await;
    for path in ["/", "/openapi.json", "/docs/", "/docs/swagger-ui-bundle.js", "/docs/favicon-32x32.png"] {
        let plain = app.get(path).expect(200).await;
        for coding in ["br", "gzip", "deflate"] {
            let packed = app.get(path).header("accept-encoding", coding).expect(200).await;
            let used = packed.header("content-encoding").to_owned();
            assert_eq!(used.is_empty(), plain.header("content-type") == "image/png", "{path} {coding}");
            assert!(used.is_empty() || packed.body.len() < plain.body.len(), "{path} {coding}");
            for tag in [plain.header("etag"), packed.header("etag")] {
                app.get(path).header("accept-encoding", coding).header("if-none-match", tag).expect(304).await;
            }
        }
    }
}

#[tokio::test]
async fn the_documentation_is_rate_limited() {
    let app = TestApp::with(TestDatabase::on(Engine::Sqlite).await, &[("RATE_LIMIT", "on")]);
    let left = async |path: &str| {
        let answer = app.get(path).send().await;
        answer.header("ratelimit").split(';').nth(1).map(ToOwned::to_owned)
    };
    assert_eq!(left("/openapi.json").await.as_deref(), Some("r=599"));
    assert!(left("/docs/").await.is_some());
    assert_eq!(left("/health/live").await, None);
}

/// Behind a gateway that strips a prefix, links have the prefix, and the served paths do not.
#[tokio::test]
async fn links_include_the_base_path() {
    let app = TestApp::with(TestDatabase::on(Engine::Sqlite).await, &[("BASE_PATH", "/thoughts")]);
    let ada = app.sign_up("ada").await;
    let stripped =
        |address: &str| address.strip_prefix("/thoughts").map_or_else(|| panic!("{address}"), ToOwned::to_owned);

    assert_eq!(app.get("/docs").expect(308).await.header("location"), "/thoughts/docs/");
    let places = links(&app.get("/").expect(200).await.text());
    assert!(places.len() >= 4, "{places:?}");
    for place in places {
        let answer = app.get(&stripped(&place)).send().await;
        assert!([200, 308].contains(&answer.status), "{place} leads to {}", answer.status);
    }
    assert_eq!(app.get("/openapi.json").expect(200).await["servers"], json!([{ "url": "/thoughts" }]));
    let start = app.get("/docs/swagger-initializer.js").expect(200).await.text();
    assert!(start.contains("\"../openapi.json\""), "{start}");

    let post = ada.post("/v1/posts").json(json!({ "content": "hello" })).expect(201).await;
    let comments = format!("{}/comments", stripped(post.header("location")));
    let comment = ada.post(&comments).json(json!({ "content": "hello" })).expect(201).await;
    let bob = json!({ "username": "bob", "password": PASSWORD });
    let bob = app.post("/v1/users").json(bob).expect(201).await;
    for made in [&post, &comment, &bob] {
        let found = app.get(&stripped(made.header("location"))).expect(200).await;
        assert_eq!(found["id"], made["id"]);
    }
    ada.publish("more").await;
    for list in ["/v1/posts?limit=1", "/v1/users?limit=1"] {
        // Twice: the second response may use what the first one stored.
        for _ in 0..2 {
            let page = app.get(list).expect(200).await;
            let next = page.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            let next = app.get(&stripped(next.unwrap())).expect(200).await;
            assert_eq!(next.items().len(), 1, "{}", page.header("link"));
        }
    }
}
