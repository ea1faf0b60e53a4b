//! `thoughts check`.

use std::path::Path;

use tempfile::TempDir;
use testkit::{Engine, TestDatabase};

use super::process::run_in;

const KEY: (&str, &str) = ("SIGNING_KEY", "0123456789abcdef0123456789abcdef");
const PRODUCTION: (&str, &str) = ("APP_ENV", "production");

/// Runs `thoughts check`. Returns its exit code, its output, and its folder.
async fn check(variables: &[(&str, &str)]) -> (Option<i32>, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let output = run_in(&folder, "thoughts", &["check"], variables).await;
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said, folder)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn passes_without_configuration_and_creates_nothing() {
    let (code, said, folder) = check(&[]).await;
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "ok       DATABASE_URL: SQLite at data/thoughts.db, not there yet; made at the start\n")
    );
    assert!(is_empty(folder.path()));
}

#[tokio::test]
async fn names_the_failing_server() {
    let (code, said, _folder) = check(&[
        KEY,
        ("DATABASE_URL", "postgres://me:hush@127.0.0.1:1/t"),
        ("DATABASE_REPLICA_URLS", "postgres://me:hush@127.0.0.1:1/t"),
        ("REDIS_URL", "redis://:hush@127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
    ])
    .await;
    assert_eq!(code, Some(1), "{said}");
    for subject in ["DATABASE_URL", "DATABASE_REPLICA_URLS, number 1", "REDIS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
        let line = said.lines().find(|line| line.starts_with(&format!("failed   {subject}: ")));
        assert!(line.is_some_and(|line| line.contains("Connection refused")), "{subject}: {said}");
    }
    assert!(!said.contains("hush"), "{said}");
}

#[tokio::test]
async fn reports_each_passing_part() {
    let primary = TestDatabase::postgres().await;
    let redis = std::env::var("TEST_REDIS_URL").unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let variables = [
        KEY,
        PRODUCTION,
        ("DATABASE_URL", primary.url()),
        ("REDIS_URL", redis.as_str()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
    ];
    let (code, said, folder) = check(&variables).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 3, "{said}");
    assert!(said.contains("DATABASE_URL: PostgreSQL at ") && said.contains("the schema is up to date"), "{said}");
    assert!(is_empty(folder.path()));

    // A separate server is no replica of the primary.
    let (code, said, _folder) = check(&[&variables[..], &[("DATABASE_REPLICA_URLS", primary.url())]].concat()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("failed   DATABASE_REPLICA_URLS, number 1: ") && said.contains("no replica"), "{said}");
}

#[tokio::test]
async fn reports_missing_rights_of_the_role() {
    let db = TestDatabase::postgres().await;
    let role = format!("{}_reader", url::Url::parse(db.url()).unwrap().path().trim_start_matches('/'));
    for statement in [
        format!("CREATE ROLE {role} LOGIN PASSWORD 'hush'"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
        format!("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        format!("REVOKE DELETE ON posts FROM {role}"),
    ] {
        db.execute(&statement).await;
    }
    let mut url = url::Url::parse(db.url()).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("hush")).unwrap();
    let variables = [KEY, PRODUCTION, ("DATABASE_URL", url.as_str())];
    let of_table = check(&variables).await;
    db.execute(&format!("REVOKE USAGE ON SEQUENCE outbox_id_seq FROM {role}")).await;
    let of_sequence = check(&variables).await;
    db.execute(&format!("DROP OWNED BY {role}")).await;
    db.execute(&format!("DROP ROLE {role}")).await;
    for ((code, said, _folder), missing) in [(of_table, "DELETE on posts"), (of_sequence, "USAGE on outbox_id_seq")] {
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("failed   DATABASE_URL: PostgreSQL at ") && said.contains(missing), "{said}");
    }
}

#[tokio::test]
async fn reports_the_schema_version_without_changing_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let db = TestDatabase::without_tables(engine).await;
        let (code, said, _folder) = check(&[KEY, PRODUCTION, ("DATABASE_URL", db.url())]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("the schema is not up to date: run `thoughts migrate`"), "{said}");
        let (code, said, _folder) = check(&[KEY, ("DATABASE_URL", db.url())]).await;
        assert!(code == Some(0) && said.contains("brought up to date at the start"), "{said}");
        assert!(!persistence::is_migrated(&db.database()).await.unwrap());
    }
}

#[tokio::test]
async fn warns_of_unusual_settings() {
    let (code, said, _folder) = check(&[KEY, PRODUCTION, ("DATABASE_MIGRATE", "true"), ("DATABASE_UTL", "x")]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning  DATABASE_URL: is not set, or is the default"), "{said}");
    let (code, said, _folder) = check(&[("PORT", "hush"), PRODUCTION]).await;
    assert!(code == Some(2) && said.contains("PORT is") && said.contains("SIGNING_KEY is not set"), "{said}");
}
