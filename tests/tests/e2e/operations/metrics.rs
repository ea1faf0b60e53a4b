//! Access to `/metrics`. Independent of the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testkit::app::{Http, TestApp};
use testkit::{Engine, TestDatabase};

#[tokio::test]
async fn are_served_to_this_machine_only() {
    let app = TestApp::on(Engine::Sqlite).await;
    let metrics = app.get("/metrics").expect(200).await;
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert_eq!(metrics.text(), "up 1\n");
    // A proxy on this machine forwards for other clients.
    for header in ["x-forwarded-for", "forwarded"] {
        app.get("/metrics").header(header, "127.0.0.1").problem(404, "not_found").await;
    }
}

#[tokio::test]
async fn require_the_password_if_one_is_configured() {
    let variables = [("METRICS_USER", "prometheus"), ("METRICS_PASSWORD", "a good password")];
    let app = TestApp::with(TestDatabase::sqlite().await, &variables);
    let with = |credentials: &str| {
        app.get("/metrics").header("authorization", format!("Basic {}", STANDARD.encode(credentials)))
    };
    let refused = app.get("/metrics").problem(401, "unauthenticated").await;
    assert_eq!(refused.header("www-authenticate"), "Basic realm=\"metrics\"");
    for wrong in ["prometheus:a bad password", "prometheus", "prometheus:", ":a good password", "", ":"] {
        with(wrong).problem(401, "unauthenticated").await;
    }
    for wrong in ["Basic", "Basic %", "Bearer x", ""] {
        app.get("/metrics").header("authorization", wrong).problem(401, "unauthenticated").await;
    }
    with("prometheus:a good password").expect(200).await;
    with("prometheus:a good password").header("x-forwarded-for", "203.0.113.5").expect(200).await;
}

#[tokio::test]
async fn limit_guesses_at_the_password() {
    let variables = [
        ("METRICS_USER", "prometheus"),
        ("METRICS_PASSWORD", "a good password"),
        ("RATE_LIMIT", "off"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let app = TestApp::with(TestDatabase::sqlite().await, &variables);
    let with = |credentials: &str, from: &str| {
        let request = app.get("/metrics").header("authorization", format!("Basic {}", STANDARD.encode(credentials)));
        request.header("x-forwarded-for", from)
    };
    // Right credentials use up nothing.
    for _ in 0..200 {
        with("prometheus:a good password", "203.0.113.1").expect(200).await;
    }
    let mut tried = 0;
    while with("prometheus:a bad password", "203.0.113.1").send().await.status == 401 {
        tried += 1;
        assert!(tried < 200, "guesses are not limited");
    }
    assert!(tried >= 60, "{tried}");
    let refused = with("prometheus:a good password", "203.0.113.1").problem(429, "rate_limited").await;
    assert!((1..=2).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    with("prometheus:a good password", "203.0.113.2").expect(200).await;
    // A request without credentials is not a guess.
    app.get("/metrics").header("x-forwarded-for", "203.0.113.1").problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn have_a_port_of_their_own_if_one_is_configured() {
    // Free a moment ago; no other test picks ports.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = TestApp::with(TestDatabase::sqlite().await, &[("METRICS_PORT", &port.to_string())]);
    app.get("/metrics").problem(404, "not_found").await;
    let own = Http::new(([127, 0, 0, 1], port).into());
    let answer = own.raw("GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "up 1\n"));
    let answer = own.raw("GET /v1/posts HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 404);
}
