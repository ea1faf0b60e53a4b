//! Unknown paths and methods. Independent of the database.

use reqwest::Method;
use testkit::app::{TestApp, operations};
use testkit::{Engine, TestDatabase};

use crate::fixtures::Resources;

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let app = TestApp::on(Engine::Sqlite).await;
    let paths = [
        "/v1",
        "/v1/",
        "/v2/posts",
        "/v1/postss",
        "/v1/posts/",
        "/V1/posts",
        "/v1//posts",
        "/v1/posts/a/b/c",
        "/favicon.ico",
        "/v1/users/",
        "/.env",
        "/docs/nothing.js",
        "/%00",
        "/%FF",
    ];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS, Method::PATCH] {
            let answer = app.request(method.clone(), path).send().await;
            let expected = if method != Method::GET && path.starts_with("/docs/") { 405 } else { 404 };
            // All paths below /docs/ match one route.
            let fine = answer.status == expected || (method == Method::OPTIONS && answer.status == 204);
            assert!(fine, "{method} {path} → {}", answer.text());
        }
    }
}

#[tokio::test]
async fn another_method_of_a_known_path_gets_405_with_allow() {
    let app = TestApp::on(Engine::Sqlite).await;
    let operations = operations();
    let mut one_of_each_path: Vec<_> = operations.iter().collect();
    one_of_each_path.dedup_by(|one, other| one.path == other.path);
    for one in one_of_each_path {
        let path = Resources::unknown().path(one);
        let of_path = operations.iter().filter(|operation| operation.path == one.path);
        let mut known: Vec<&str> = of_path.map(|operation| operation.method.as_str()).collect();
        if known.contains(&"GET") {
            known.push("HEAD");
        }
        known.sort_unstable();
        // `/v1/users/me` also matches `/v1/users/{user}`.
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if known.contains(&method) {
                continue;
            }
            let request = app.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
            let answer = request.send().await;
            let status = if path == "/v1/users/me" && method == "GET" { 401 } else { 405 };
            assert_eq!(answer.status, status, "{method} {path} {}", answer.text());
            assert_eq!(answer.header("allow"), known.join(", "), "{method} {path}");
        }
        let options = app.request(Method::OPTIONS, &path).expect(204).await;
        assert_eq!(options.header("allow"), known.join(", "), "{path}");
    }
}

#[tokio::test]
async fn malformed_requests_are_rejected() {
    let app = TestApp::on(Engine::Sqlite).await;
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", "x".repeat(500_000));
    let many_headers = format!("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    let requests: [&[u8]; 11] = [
        b"GET /docs/../../etc/passwd HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        b"GET /docs/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/posts HTTP/1.1\r\nHost: t\r\nX-Request-Id: \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /v1/posts HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n",
        b"POST /v1/posts HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"POST /v1/posts HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
        long_path.as_bytes(),
        many_headers.as_bytes(),
    ];
    for request in requests {
        let answer = app.raw(request).await;
        let shown = String::from_utf8_lossy(&request[..request.len().min(50)]).into_owned();
        assert!(answer.status < 500, "{shown:?}: {answer:?}");
        assert!(!answer.body.contains("root:"), "{shown:?}");
    }
    app.get("/health/ready").expect(200).await;
}

/// Limits and tokens apply to the decoded path that the router matches.
#[tokio::test]
async fn another_spelling_of_a_path_circumvents_nothing() {
    let app = TestApp::with(TestDatabase::sqlite().await, &[("RATE_LIMIT", "on")]);
    let bad_token =
        app.raw("GET /%761/posts HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer bad\r\nConnection: close\r\n\r\n").await;
    assert_eq!(bad_token.status, 401, "{bad_token:?}");
    for path in ["/v1/session%73", "/%761/sessions"] {
        let request = format!("POST {path} HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let log_in = app.raw(request).await;
        assert!(log_in.head.contains("ratelimit: \"credentials\""), "{log_in:?}");
    }
    let unknown_method = app.raw("DELETE /v1/p%6Fsts HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").await;
    assert_eq!(unknown_method.status, 405, "{unknown_method:?}");
}
