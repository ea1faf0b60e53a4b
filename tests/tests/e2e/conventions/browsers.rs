//! CORS. Independent of the database.

use reqwest::Method;
use testkit::TestDatabase;
use testkit::app::{TestApp, TestRequest, TestResponse};

use crate::fixtures::{Scene, calls};

const ORIGIN: &str = "https://app.example.com";

async fn start() -> TestApp {
    TestApp::with(
        TestDatabase::sqlite().await,
        &[(
            "CORS_ALLOWED_ORIGINS",
            "https://app.example.com,http://localhost:5173,tauri://localhost,capacitor://localhost",
        )],
    )
}

fn preflight(app: &TestApp, origin: &str, method: &str) -> TestRequest {
    app.request(Method::OPTIONS, "/v1/posts")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,if-match,idempotency-key,x-request-id")
}

/// The request headers that a shared cache must key by.
fn varies_by(answer: &TestResponse) -> Vec<String> {
    lower(&answer.joined_header("vary"))
}

fn lower(list: &str) -> Vec<String> {
    let mut names: Vec<_> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_configured_origin_may_call() {
    let app = start().await;
    for origin in [ORIGIN, "http://localhost:5173", "tauri://localhost", "capacitor://localhost"] {
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
async fn another_origin_may_not_call() {
    let app = start().await;
    for origin in ["https://evil.example.com", "https://app.example.com.evil.com", "http://app.example.com", "null"] {
        let answer = preflight(&app, origin, "POST").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let answer = app.get("/v1/posts").header("origin", origin).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
    // A request without `Origin` comes from no browser.
    app.get("/v1/posts").expect(200).await;
}

#[tokio::test]
async fn without_configured_origins_no_origin_may_call() {
    let app = TestApp::from(TestDatabase::sqlite().await);
    let answer = app.get("/v1/posts").header("origin", ORIGIN).expect(200).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let answer = preflight(&app, ORIGIN, "POST").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn answers_vary_by_everything_that_they_depend_on() {
    let app = start().await;
    let mut scene = Scene::new(&app).await;
    scene.resources.post = scene.author.publish(&"much to say ".repeat(20)).await;
    let everything = [
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "authorization",
        "origin",
    ];
    for operation in calls(|operation| operation.is_read() && !operation.needs_token()) {
        let path = scene.path(&operation);
        for coding in ["identity", "gzip", "br"] {
            for origin in ["", ORIGIN] {
                let mut request = app.get(&path).header("accept-encoding", coding);
                if !origin.is_empty() {
                    request = request.header("origin", origin);
                }
                let answer = request.clone().expect(200).await;
                assert_eq!(varies_by(&answer), everything, "{path} {coding} {origin}");
                let known = request.header("if-none-match", answer.header("etag")).expect(304).await;
                assert_eq!(varies_by(&known), everything, "{path} {coding} {origin}");
            }
        }
    }
    let file = app.get("/openapi.json").header("accept-encoding", "gzip").expect(200).await;
    assert!(varies_by(&file).contains(&"accept-encoding".to_owned()), "{:?}", file.headers);
    let preflight = preflight(&app, ORIGIN, "POST").header("accept-encoding", "gzip").expect(200).await;
    assert!(varies_by(&preflight).contains(&"origin".to_owned()), "{:?}", preflight.headers);
}

#[tokio::test]
async fn a_rejected_preflight_names_the_reason() {
    let app = start().await;
    let ask = |origin: &str, method: &str, headers: &str| {
        app.request(Method::OPTIONS, "/v1/posts")
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers)
    };
    let cases = [
        (ask("https://evil.example.com", "POST", "content-type"), "https://evil.example.com"),
        (ask(ORIGIN, "POST", "content-type, x-own, X-Other"), "x-other, x-own"),
        (ask(ORIGIN, "TRACE", "content-type"), "TRACE"),
    ];
    for (request, named) in cases {
        let answer = request.problem(400, "bad_request").await;
        assert!(answer.str("detail").contains(named), "{}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert!(varies_by(&answer).contains(&"origin".to_owned()), "{:?}", answer.headers);
    }
    let long = app.request(Method::OPTIONS, "/v1/posts").header("origin", format!("https://{}", "x".repeat(5000)));
    let answer = long.header("access-control-request-method", "POST").problem(400, "bad_request").await;
    assert!(answer.body.len() < 1000, "{}", answer.text());
}
