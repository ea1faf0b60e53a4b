//! Command line, configuration and exit codes.

use serde_json::Value;
use testkit::TestDatabase;
use testkit::on_both_databases;
use thoughts::settings::VARIABLES;

use super::process::{Serving, run};

on_both_databases![serves_until_sigterm];

const KEY: (&str, &str) = ("SIGNING_KEY", "0123456789abcdef0123456789abcdef");

/// Runs the server with these variables. Returns its exit code and its standard error.
async fn refused(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = run(&[], variables).await;
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn production_requires_a_signing_key() {
    let (code, said) = refused(&[("APP_ENV", "production"), ("PORT", "0")]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("SIGNING_KEY is not set") && said.contains("32 bytes"), "{said}");
    let (code, said) = refused(&[("APP_ENV", "production"), ("SIGNING_KEY", "thirty-one-bytes-are-not-enough")]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("SIGNING_KEY") && said.contains("32") && !said.contains("thirty-one"), "{said}");
}

#[tokio::test]
async fn an_invalid_value_is_named_with_the_expected_one() {
    let cases = [
        ("PORT", "abc", "0 to 65535"),
        ("PORT", "65536", "0 to 65535"),
        ("HOST", "localhost:80", "address"),
        ("APP_ENV", "prod", "production"),
        ("WORKERS", "0", "1"),
        ("DATABASE_URL", "mysql://root@localhost/x", "sqlite"),
        ("DATABASE_MAX_CONNECTIONS", "-1", "1"),
        ("DATABASE_MIGRATE", "yes", "true"),
        ("ACCESS_TOKEN_TTL", "15", "`m`"),
        ("RATE_LIMIT", "maybe", "on"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "network"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com/path", "scheme://host"),
        ("EVENT_RETENTION", "5s", "1m"),
        ("REQUEST_TIMEOUT", "soon", "`ms`"),
        ("METRICS_PORT", "x", "0 to 65535"),
        ("METRICS_USER", "prometheus", "METRICS_PASSWORD"),
        ("LOG_FORMAT", "xml", "json"),
        ("RUST_LOG", "a=b=c", "RUST_LOG"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.example", "http://localhost:4318"),
    ];
    for (name, value, expected) in cases {
        let (code, said) = refused(&[(name, value)]).await;
        assert_eq!(code, Some(2), "{name}={value}: {said}");
        assert!(said.contains(name) && said.contains(expected), "{name}={value}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    let (_, said) = refused(&[("PORT", "abc"), ("WORKERS", "many"), ("LOG_FORMAT", "xml")]).await;
    assert!(["PORT", "WORKERS", "LOG_FORMAT"].iter().all(|name| said.contains(name)), "all at once: {said}");
}

#[tokio::test]
async fn an_unreachable_database_is_reported_without_its_password() {
    let url = "postgresql://thoughts:hush-hush@127.0.0.1:1/thoughts";
    let output = run(&[], &[("DATABASE_URL", url), ("PORT", "0"), KEY]).await;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("DATABASE_URL") && said.contains("Connection refused"), "{said}");
    assert!(!said.contains("hush-hush") && !said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn help_lists_every_variable() {
    for flag in ["--help", "-h"] {
        let output = run(&[flag], &[]).await;
        assert_eq!(output.status.code(), Some(0));
        let help = String::from_utf8(output.stdout).unwrap();
        for variable in VARIABLES {
            assert!(help.contains(&format!("\n  {} ", variable.name)), "{flag}: {}", variable.name);
        }
    }
}

#[tokio::test]
async fn prints_the_document_without_a_database() {
    let output = run(&["openapi"], &[("DATABASE_URL", "nonsense")]).await;
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"]["/v1/posts"].is_object());
}

#[tokio::test]
async fn an_unknown_command_is_refused() {
    let output = run(&["fly"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_missing_schema_is_reported_and_can_be_migrated() {
    let db = TestDatabase::without_tables(testkit::Engine::Sqlite).await;
    let variables = [("APP_ENV", "production"), ("DATABASE_URL", db.url()), ("PORT", "0"), KEY];
    let output = run(&[], &variables).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("thoughts migrate") && said.contains("DATABASE_MIGRATE"), "{said}");
    // `migrate` needs no signing key.
    let without_key = [variables[0], variables[1]];
    assert_eq!(run(&["migrate"], &without_key).await.status.code(), Some(0));
    assert_eq!(db.count("users").await, 0);
}

#[tokio::test]
async fn a_secret_may_be_in_a_file() {
    let db = TestDatabase::without_tables(testkit::Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let path = file.to_str().unwrap();
    std::fs::write(&file, format!("{}\n", db.url())).unwrap();
    assert_eq!(run(&["migrate"], &[("DATABASE_URL_FILE", path)]).await.status.code(), Some(0));
    assert_eq!(db.count("users").await, 0);

    let (code, said) = refused(&[("DATABASE_URL_FILE", path), ("DATABASE_URL", db.url())]).await;
    assert!(code == Some(2) && said.contains("DATABASE_URL is set, and so is DATABASE_URL_FILE"), "{said}");
    let (code, said) = refused(&[("SIGNING_KEY_FILE", "/nowhere/at/all")]).await;
    assert!(code == Some(2) && said.contains("SIGNING_KEY_FILE names a file that cannot be read"), "{said}");
}

#[tokio::test]
async fn health_reports_whether_a_server_can_serve() {
    let server = Serving::start(&[]).await;
    let port = server.http.address().port().to_string();
    // No other setting matters: neither secrets nor an unreachable database or proxy.
    let variables = [
        ("APP_ENV", "production"),
        ("HOST", "0.0.0.0"),
        ("PORT", &port),
        ("DATABASE_URL", "nonsense"),
        ("http_proxy", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ];
    let output = run(&["health"], &variables).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said.starts_with("200 ") && said.contains("\"ready\""), "{said}");

    server.terminate().await;
    let output = run(&["health"], &variables).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(&format!("no response from http://127.0.0.1:{port}/")),
        "{output:?}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&[], &[("PORT", &port), ("DATABASE_URL", "sqlite::memory:"), KEY]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen at 127.0.0.1:{port}")), "{said}");
}

#[tokio::test]
async fn without_configuration_it_keeps_everything_in_a_folder() {
    let server = Serving::start(&[]).await;
    server.http.get("/health/ready").expect(200).await;
    let (code, said) = server.terminate().await;
    assert_eq!(code, Some(0), "{said}");
    for place in ["/v1/posts", "/docs/", "/health/ready"] {
        assert!(said.contains(place), "{place}: {said}");
    }
}

#[tokio::test]
async fn reports_its_address() {
    for (host, logged, shown) in [
        ("127.0.0.1", "listening at http://127.0.0.1:", "http://127.0.0.1:"),
        ("0.0.0.0", "listening at http://0.0.0.0:", "http://127.0.0.1:"),
    ] {
        let server = Serving::start(&[("HOST", host)]).await;
        let (_, said) = server.terminate().await;
        assert!(said.contains(logged) && said.contains(shown), "{said}");
        assert_eq!(said.contains("on every address of this machine"), host == "0.0.0.0", "{said}");
        assert_eq!(said.contains("Other machines reach it"), host == "0.0.0.0", "{said}");
    }
}

#[tokio::test]
async fn in_production_the_default_database_gets_a_warning() {
    let variables = [("APP_ENV", "production"), ("DATABASE_MIGRATE", "true"), KEY];
    let output = run(&[], &[&variables[..], &[("PORT", "70000")]].concat()).await;
    assert_eq!(output.status.code(), Some(2), "only a server that starts");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (url, warned) in [("", true), ("sqlite://data/thoughts.db", true), ("sqlite://data/other.db", false)] {
        let output = run(&[], &[&variables[..], &[("PORT", port.as_str()), ("DATABASE_URL", url)]].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("below the working directory"), warned, "{url}: {said}");
    }
}

async fn serves_until_sigterm(db: TestDatabase) {
    let server = Serving::start(&[("DATABASE_URL", db.url()), KEY]).await;
    server.http.get("/health/ready").expect(200).await;
    server.http.get("/v1/posts/tz4a98xxat96iws9zmbrgj3a").expect(404).await;
    let metrics = server.http.get("/metrics").expect(200).await.text();
    let duration =
        metrics.lines().find(|line| line.starts_with("http_request_duration_seconds_count") && line.contains("404"));
    assert!(duration.is_some_and(|line| line.contains("/v1/posts/{id}")), "by route, not by path: {metrics}");
    assert!(!metrics.contains("tz4a98xxat96iws9zmbrgj3a"), "{metrics}");
    let (code, said) = server.terminate().await;
    assert_eq!(code, Some(0), "{said}");
}
