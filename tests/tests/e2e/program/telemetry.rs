//! Traces, logs and metrics. None of them may block requests.

mod collector;

use std::collections::HashMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestUser};
use testkit::{TestDatabase, on_both_databases};

use super::process::Serving;
use collector::{Collector, attributes, hexadecimal};

on_both_databases![is_traced_from_the_caller_to_the_statements];

const KEY: (&str, &str) = ("SIGNING_KEY", "0123456789abcdef0123456789abcdef");
const IN_MEMORY: (&str, &str) = ("DATABASE_URL", "sqlite::memory:");
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn traceparent() -> String {
    format!("00-{TRACE}-{CALLER}-01")
}

/// The spans of the request lines in a log.
fn requests(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "answered").map(|line| line["spans"][0].clone()).collect()
}

async fn is_traced_from_the_caller_to_the_statements(db: TestDatabase) {
    let collector = Collector::start().await;
    let variables = [("DATABASE_URL", db.url()), KEY, ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())];
    let server = Serving::start(&variables).await;
    let account = json!({ "username": "ada", "password": PASSWORD, "display_name": "Ada" });
    let answer = server.http.post("/v1/users").header("traceparent", traceparent()).json(account).expect(201).await;
    server.http.get("/v1/posts/tz4a98xxat96iws9zmbrgj3a").expect(404).await;
    let (code, log) = server.terminate().await;
    assert_eq!(code, Some(0), "{log}");

    // Spans that were not exported before are exported at shutdown.
    let spans = collector.spans();
    let (ours, others): (Vec<Span>, Vec<Span>) =
        spans.into_iter().partition(|span| hexadecimal(&span.trace_id) == TRACE);
    let (requests_of_ours, statements): (Vec<Span>, Vec<Span>) =
        ours.into_iter().partition(|span| span.kind() == SpanKind::Server);
    let [request] = &requests_of_ours[..] else { panic!("{requests_of_ours:?}") };
    assert_eq!((request.name.as_str(), hexadecimal(&request.parent_span_id).as_str()), ("POST /v1/users", CALLER));
    let expected = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("http.route", "/v1/users"),
        ("url.path", "/v1/users"),
        ("url.scheme", "http"),
    ];
    assert_eq!(attributes(request), HashMap::from(expected.map(|(name, value)| (name.to_owned(), value.to_owned()))));
    let own = hexadecimal(&request.span_id);
    assert_eq!(answer.header("traceresponse"), format!("00-{TRACE}-{own}-01"));

    assert!(!statements.is_empty());
    let system = if db.url().starts_with("sqlite") { "sqlite" } else { "postgresql" };
    for statement in &statements {
        assert_eq!(hexadecimal(&statement.parent_span_id), own, "{statement:?}");
        assert_eq!(statement.kind(), SpanKind::Client);
        assert!(request.start_time_unix_nano <= statement.start_time_unix_nano, "{statement:?}");
        assert!(statement.start_time_unix_nano < statement.end_time_unix_nano, "{statement:?}");
        let attributes = attributes(statement);
        assert_eq!(attributes["db.system.name"], system);
        assert!(!attributes["db.query.text"].contains("ada"), "{statement:?}");
    }
    let insert = statements.iter().find(|span| attributes(span)["db.query.text"].starts_with("INSERT")).unwrap();
    assert_eq!(insert.name, "users.insert");
    assert_eq!(attributes(insert)["thoughts.database.role"], "primary");

    let not_found = others.iter().find(|span| span.name == "GET /v1/posts/{id}").unwrap();
    assert!(not_found.parent_span_id.is_empty(), "{not_found:?}");
    assert_eq!(collector.services(), ["thoughts"]);
    let logged = requests(&log);
    let trace_of = |path: &str| logged.iter().find(|request| request["path"] == path).unwrap()["trace_id"].clone();
    assert_eq!(trace_of("/v1/users"), TRACE);
    assert_eq!(trace_of("/v1/posts/tz4a98xxat96iws9zmbrgj3a"), hexadecimal(&not_found.trace_id));
    assert!(log.trim_end().lines().next_back().unwrap().contains("\"stopped\""), "to the last line: {log}");
}

#[tokio::test]
async fn has_the_callers_trace_in_the_log_without_a_collector() {
    let server = Serving::start(&[IN_MEMORY, KEY]).await;
    let answer = server.http.get("/v1/posts").header("traceparent", traceparent()).expect(200).await;
    assert_eq!(answer.header("traceresponse"), "", "there is no span");
    server.http.get("/v1/users").header("traceparent", "nonsense").expect(200).await;
    let (_, log) = server.terminate().await;
    let logged = requests(&log);
    let [with, without] = &logged[..] else { panic!("{log}") };
    assert_eq!(with["trace_id"], TRACE);
    assert!(without["trace_id"].as_str().is_some_and(|id| id.len() == 32 && id != TRACE), "{without}");
    for request in [with, without] {
        assert!(request["request_id"].is_string(), "{request}");
    }
}

#[tokio::test]
async fn omits_health_checks_and_writes_readable_times() {
    let server = Serving::start(&[IN_MEMORY, KEY]).await;
    for path in ["/health/live", "/health/ready", "/v1/posts"] {
        server.http.get(path).expect(200).await;
    }
    let (_, log) = server.terminate().await;
    let answered: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "answered")
        .collect();
    let [line] = &answered[..] else { panic!("{log}") };
    assert_eq!(line["route"], "/v1/posts");
    let milliseconds = line["milliseconds"].to_string();
    assert!(milliseconds.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 3), "{milliseconds}");
    assert!(!log.contains("health changed"), "{log}");
}

/// A collector that never responds, for longer than any timeout, and an address where the queue is full at once.
#[tokio::test]
async fn a_dead_collector_blocks_no_request() {
    let silent = collector::silent().await;
    for endpoint in [silent.url(), "http://127.0.0.1:1".to_owned()] {
        let variables = [
            IN_MEMORY,
            KEY,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4"),
        ];
        let server = Serving::start(&variables).await;
        for _ in 0..100 {
            server.http.get("/v1/posts").expect(200).await;
        }
        let (code, log) = server.terminate().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("\"stopped\"") && !log.contains("panicked"), "{log}");
    }
    assert!(silent.was_called());
}

#[tokio::test]
async fn counts_created_resources_but_not_replays() {
    let server = Serving::start(&[IN_MEMORY, KEY]).await;
    let ada = TestUser::sign_up(&server.http, "ada").await;
    let content = json!({ "content": "once" });
    let mut made = String::new();
    for _ in 0..2 {
        made = ada.post("/v1/posts").key("a-key").json(content.clone()).expect(201).await.id();
    }
    for _ in 0..2 {
        ada.post(&format!("/v1/posts/{made}/comments")).key("another-key").json(content.clone()).expect(201).await;
    }
    ada.post("/v1/posts").json(json!({ "content": "" })).expect(422).await;
    let metrics = server.http.get("/metrics").expect(200).await.text();
    for line in ["posts_published_total 1", "comments_added_total 1", "sign_ups_total 1"] {
        assert!(metrics.lines().any(|its| its == line), "no {line}: {metrics}");
    }
    assert!(metrics.contains("database_query_duration_seconds_count{operation=\"posts.publish\",role=\"primary\""));
    let name = |line: &str| line.split(' ').nth(2).unwrap_or_default().to_owned();
    let names = |begin: &str| metrics.lines().filter(|line| line.starts_with(begin)).map(name).collect::<Vec<_>>();
    assert_eq!(names("# HELP "), names("# TYPE "), "each is described");
    assert_eq!(server.terminate().await.0, Some(0));
}

#[tokio::test]
async fn an_unread_log_blocks_no_request() {
    let server = Serving::start_unread(&[IN_MEMORY, KEY]).await;
    // Far more than fits into a pipe.
    let path = format!("/v1/posts/{}", "x".repeat(1000));
    for _ in 0..300 {
        server.http.get(&path).expect(404).await;
    }
    let metrics = server.http.get("/metrics").expect(200).await.text();
    assert!(metrics.contains("# HELP log_lines_dropped_total") && metrics.contains("\nlog_lines_dropped_total 0\n"));
    let (code, log) = server.terminate().await;
    assert_eq!(code, Some(0));
    assert!(log.lines().count() > 10, "what fits in is there: {log}");
}
