//! CORS. Nothing of this concerns the database.

use reqwest::Method;
use testkit::TestDatabase;
use testkit::app::{TestApp, TestRequest};

const ORIGIN: &str = "https://app.example.com";

async fn start() -> TestApp {
    TestApp::with(
        TestDatabase::sqlite().await,
        &[("CORS_ALLOWED_ORIGINS", "https://app.example.com,http://localhost:5173")],
    )
}

fn preflight(app: &TestApp, origin: &str, method: &str) -> TestRequest {
    app.request(Method::OPTIONS, "/v1/posts")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,if-match,idempotency-key,x-request-id")
}

fn lower(list: &str) -> Vec<String> {
    let mut names: Vec<_> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_configured_origin_may_call() {
    let app = start().await;
    for origin in [ORIGIN, "http://localhost:5173"] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = preflight(&app, origin, method).expect(200).await;
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert!(lower(answer.header("access-control-allow-methods")).contains(&method.to_lowercase()));
            let headers = lower(answer.header("access-control-allow-headers"));
            for name in
                ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-request-id"]
            {
                assert!(headers.contains(&name.to_owned()), "{headers:?}");
            }
            assert!(answer.joined_header("vary").to_lowercase().contains("origin"));
        }
        let answers = [
            app.get("/v1/posts").header("origin", origin).expect(200).await,
            app.get("/v1/feed").header("origin", origin).expect(401).await,
            app.get("/v1/nothing").header("origin", origin).expect(404).await,
        ];
        for answer in answers {
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{}", answer.request);
            let exposed = lower(answer.header("access-control-expose-headers"));
            for name in
                ["link", "etag", "x-request-id", "idempotency-replayed", "ratelimit", "ratelimit-policy", "retry-after"]
            {
                assert!(exposed.contains(&name.to_owned()), "{} {exposed:?}", answer.request);
            }
            assert!(answer.joined_header("vary").to_lowercase().contains("origin"), "{}", answer.request);
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
}

#[tokio::test]
async fn another_origin_may_not() {
    let app = start().await;
    for origin in ["https://evil.example.com", "https://app.example.com.evil.com", "http://app.example.com", "null"] {
        let answer = preflight(&app, origin, "POST").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let answer = app.get("/v1/posts").header("origin", origin).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
    // Whoever says nothing of an origin is no browser.
    app.get("/v1/posts").expect(200).await;
}

#[tokio::test]
async fn without_configured_origins_none_may() {
    let app = TestApp::from(TestDatabase::sqlite().await);
    let answer = app.get("/v1/posts").header("origin", ORIGIN).expect(200).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let answer = preflight(&app, ORIGIN, "POST").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
