//! Messages about unreachable addresses must not show any part of the address.
//!
//! In a mistyped address, a part of the password can be where the parser expects a host, database or parameter name.
//! So no part is shown. The parsers' own tests try a secret in every position.

use std::process::Output;
use std::time::Duration;

use testkit::app::TestUser;
use testkit::{Engine, TestDatabase};

use super::process::{Serving, run_in};

const MARKER: &str = "HUSH7";
/// No server listens there.
const NOBODY: &str = "127.0.0.1:1";
const KEY: (&str, &str) = ("SIGNING_KEY", "0123456789abcdef0123456789abcdef");

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Runs every program that reads the variable, with its value in the environment, in `.env` and in a file. Returns
/// the exit codes.
async fn codes(name: &str, value: &str) -> Vec<Option<i32>> {
    let mut programs = vec![("thoughts", &[][..]), ("thoughts", &["check"][..])];
    if name == "DATABASE_URL" {
        programs.extend([("thoughts", &["migrate"][..]), ("seed", &["--reset", "--yes"][..])]);
    }
    let file_variable = format!("{name}_FILE");
    let mut codes = Vec::new();
    for (program, arguments) in programs {
        for way in ["environment", "file", ".env"] {
            let folder = tempfile::tempdir().unwrap();
            let secret = folder.path().join("secret");
            let secret_path = secret.to_str().unwrap().to_owned();
            let mut variables = vec![("PORT", "0"), ("RUST_LOG", "trace"), KEY];
            variables.retain(|(other, _)| *other != name);
            if !name.starts_with("DATABASE_URL") {
                variables.push(("DATABASE_URL", "postgres://127.0.0.1:1/t"));
            }
            match way {
                "environment" => variables.push((name, value)),
                // Not a secret, so it cannot be given in a file.
                "file" if name.starts_with("OTEL") || name == "METRICS_USER" => continue,
                "file" => {
                    std::fs::write(&secret, value).unwrap();
                    variables.push((file_variable.as_str(), secret_path.as_str()));
                }
                _ => std::fs::write(folder.path().join(".env"), format!("{name}='{value}'\n")).unwrap(),
            }
            let output = run_in(&folder, program, arguments, &variables).await;
            let said = said(&output);
            assert!(!said.contains(MARKER), "{program} {arguments:?}, {name}={value} in {way}: {said}");
            if output.status.code() == Some(2) {
                assert!(said.contains(name), "{program} {arguments:?}, {name}={value} in {way}: {said}");
            }
            codes.push(output.status.code());
            let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(left.iter().all(|name| name == "secret" || name == ".env"), "{value} left {left:?}");
        }
    }
    codes
}

#[tokio::test]
async fn an_invalid_address_is_rejected_by_the_name_of_its_variable() {
    for (name, value) in [
        ("DATABASE_URL", format!("postgres:app:{MARKER}@{NOBODY}/t")),
        ("DATABASE_URL", format!("postgres://app:p@{MARKER}/rest@{NOBODY}/t")),
        ("DATABASE_URL", format!("postgres://app:12/{MARKER}@{NOBODY}/t")),
        ("DATABASE_URL", format!("postgres://app@{NOBODY}/t?pasword={MARKER}")),
        ("DATABASE_URL", format!("postgres://app@{NOBODY}/t?{MARKER}=x")),
        ("DATABASE_URL", format!("postgres://app@{NOBODY}/t?sslmode={MARKER}")),
        ("DATABASE_URL", format!("sqlite://app:{MARKER}@{NOBODY}/t")),
        ("DATABASE_REPLICA_URLS", format!("postgres://app:a,{MARKER}@{NOBODY}/t")),
        ("DATABASE_REPLICA_URLS", format!("postgres://app:1/{MARKER}@{NOBODY}/t")),
        ("REDIS_URL", format!("redis://app:1/{MARKER}@{NOBODY}")),
        ("REDIS_URL", format!("redis://{NOBODY}/{MARKER}")),
        ("REDIS_URL", format!("redis://{NOBODY}?{MARKER}=x")),
        ("SIGNING_KEY", MARKER.to_owned()),
        ("METRICS_PASSWORD", MARKER.to_owned()),
        ("METRICS_USER", format!("prometheus:{MARKER}")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://app:{MARKER}@{NOBODY}")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{NOBODY}/?token={MARKER}")),
    ] {
        let codes = codes(name, &value).await;
        assert!(codes.iter().all(|code| *code == Some(2)), "{name}={value}: {codes:?}");
    }
}

#[tokio::test]
async fn an_unreachable_address_is_not_shown() {
    for value in [
        format!("postgres://{MARKER}:{MARKER}@{NOBODY}/{MARKER}?application_name={MARKER}&sslrootcert=/{MARKER}"),
        format!("postgres://app:word@{MARKER}.invalid/t"),
        format!("postgres://app@{NOBODY}/t?host=/{MARKER}"),
    ] {
        let codes = codes("DATABASE_URL", &value).await;
        assert!(codes.iter().all(|code| *code == Some(1)), "{value}: {codes:?}");
    }
}

/// Optional services fail while the server runs, repeatedly.
#[tokio::test]
async fn an_unreachable_address_is_not_logged_while_serving() {
    let db = TestDatabase::postgres().await;
    let replica = format!("postgres://{MARKER}:{MARKER}@{NOBODY}/{MARKER}?application_name={MARKER}");
    let redis = format!("redis://{MARKER}:{MARKER}@{NOBODY}");
    let collector = format!("http://{NOBODY}/{MARKER}");
    let headers = format!("authorization={MARKER}");
    let server = Serving::start(&[
        KEY,
        ("RUST_LOG", "trace"),
        ("DATABASE_URL", db.url()),
        ("DATABASE_REPLICA_URLS", &replica),
        ("REDIS_URL", &redis),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
        ("OTEL_EXPORTER_OTLP_HEADERS", &headers),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ])
    .await;
    let ada = TestUser::sign_up(&server.http, "ada").await;
    ada.publish("hello").await;
    ada.get("/v1/feed").expect(200).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (code, log) = server.terminate().await;
    assert_eq!(code, Some(0));
    for lost in ["replica-1", "redis"] {
        assert!(log.to_lowercase().contains(lost), "nothing is said of {lost}");
    }
    let line = log.lines().find(|line| line.contains(MARKER));
    assert!(line.is_none(), "{line:?}");
}

/// Servers repeat parts of the address in their errors.
#[tokio::test]
async fn an_address_that_a_server_rejects_is_not_shown() {
    let db = TestDatabase::without_tables(Engine::Postgres).await;
    let url = url::Url::parse(db.url()).unwrap();
    let refused = |change: &dyn Fn(&mut url::Url)| {
        let mut url = url.clone();
        change(&mut url);
        url.to_string()
    };
    for value in [
        refused(&|url| url.set_username(MARKER).unwrap()),
        refused(&|url| url.set_path(MARKER)),
        refused(&|url| url.set_query(Some(&format!("options[{MARKER}]=x")))),
        refused(&|url| url.set_query(Some(&format!("sslmode=verify-full&sslrootcert={MARKER}")))),
    ] {
        let codes = codes("DATABASE_URL", &value).await;
        assert!(codes.iter().all(|code| *code == Some(1)), "{value}: {codes:?}");
    }
}
