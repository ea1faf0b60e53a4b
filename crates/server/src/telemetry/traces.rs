//! Traces of requests and their statements, sent to an OpenTelemetry collector.
//!
//! The HTTP layer makes the span of a request. This module adds a span for each statement.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use database::{Location, Observer, Role, StatementEvent};
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, Key, KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use url::Url;

/// The service name in traces, unless the environment sets another.
const SERVICE: &str = "thoughts";

/// Starts sending spans to `collector`, from a separate thread.
///
/// Spans wait in a bounded queue; further ones are dropped. The variables of the OpenTelemetry SDK configure
/// sampling, the queue and the service name.
///
/// # Errors
/// [`ExporterBuildError`] if these variables need a feature that is not built in, such as compression.
pub(crate) fn provider(collector: &Url) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
    Ok(SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter).build())
}

fn resource() -> Resource {
    let detected = Resource::builder().build();
    let name = detected.get(&Key::from_static_str("service.name"));
    let is_named = name.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if is_named { builder.build() } else { builder.with_service_name(SERVICE).build() }
}

/// Makes a span for every statement of a traced request, and forwards all events to the `next` observer.
pub(crate) struct TracedStatements {
    system: &'static str,
    next: Arc<dyn Observer>,
}

impl TracedStatements {
    /// An observer of the database at `location`.
    pub(crate) fn new(location: &Location, next: Arc<dyn Observer>) -> Self {
        let system = match location {
            Location::Postgres { .. } => "postgresql",
            Location::SqliteFile(_) | Location::SqliteMemory => "sqlite",
        };
        Self { system, next }
    }

    /// Records a statement that has just ended, in the context of its request. Its text has placeholders instead of
    /// data.
    fn record(&self, operation: &'static str, role: &'static str, sql: &str, elapsed: Duration, failed: bool) {
        let request = Context::current();
        if !request.span().is_recording() {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "a timestamp for the collector; no decision depends on it")]
        let ended = SystemTime::now();
        let tracer = global::tracer(SERVICE);
        let mut span = tracer
            .span_builder(operation)
            .with_kind(SpanKind::Client)
            .with_start_time(ended.checked_sub(elapsed).unwrap_or(ended))
            .with_attributes([
                KeyValue::new("db.system.name", self.system),
                KeyValue::new("db.operation.name", operation),
                KeyValue::new("db.query.text", sql.to_owned()),
                KeyValue::new("thoughts.database.role", role),
            ])
            .start_with_context(&tracer, &request);
        if failed {
            span.set_attribute(KeyValue::new("error.type", "_OTHER"));
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }
}

impl Observer for TracedStatements {
    fn statement(&self, event: &StatementEvent<'_>) {
        self.record(event.operation, event.role.name(), event.sql, event.elapsed, event.failed);
        self.next.statement(event);
    }

    fn routed(&self, role: Role, reason: &'static str) {
        self.next.routed(role, reason);
    }

    fn transaction(&self) {
        self.next.transaction();
    }

    fn retried(&self, operation: &'static str, reason: &'static str) {
        self.next.retried(operation, reason);
    }

    fn sequenced(&self, outcome: &'static str, moved: u64) {
        self.next.sequenced(outcome, moved);
    }

    fn log(&self, head: u64, waiting: u64) {
        self.next.log(head, waiting);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};

    use super::*;

    struct NoObserver;

    impl Observer for NoObserver {
        fn statement(&self, _: &StatementEvent<'_>) {}
        fn transaction(&self) {}
    }

    const ELAPSED: Duration = Duration::from_millis(7);

    /// The span of a request with a trace from its caller, and the spans of its two statements. A statement without a
    /// request makes none.
    fn spans(flags: TraceFlags) -> Vec<SpanData> {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        global::set_tracer_provider(provider.clone());
        let statements = TracedStatements::new(&Location::SqliteMemory, Arc::new(NoObserver));
        statements.record("posts.find", "primary", "SELECT 1", ELAPSED, false);
        let caller = SpanContext::new(TraceId::from(7), SpanId::from(8), flags, true, TraceState::default());
        let caller = Context::new().with_remote_span_context(caller);
        let span = global::tracer("test").start_with_context("GET /v1/posts/{id}", &caller);
        let request = caller.with_span(span);
        {
            let _attached = request.clone().attach();
            statements.record("posts.find", "replica", "SELECT * FROM posts WHERE id = $1", ELAPSED, false);
            statements.record("posts.publish", "primary", "INSERT INTO posts VALUES ($1)", ELAPSED, true);
        }
        request.span().end();
        provider.force_flush().unwrap();
        exporter.get_finished_spans().unwrap()
    }

    /// A single test, because the provider is global to the process.
    #[test]
    fn belong_to_their_request_and_to_its_caller() {
        let spans_of_sampled = spans(TraceFlags::SAMPLED);
        let [find, publish, request] = &spans_of_sampled[..] else { panic!("{spans_of_sampled:#?}") };
        assert_eq!((request.parent_span_id, request.span_context.trace_id()), (SpanId::from(8), TraceId::from(7)));
        for statement in [find, publish] {
            assert_eq!(statement.parent_span_id, request.span_context.span_id());
            assert_eq!(statement.span_context.trace_id(), TraceId::from(7));
            assert_eq!(statement.end_time.duration_since(statement.start_time).unwrap(), ELAPSED);
            assert_eq!(statement.span_kind, SpanKind::Client);
        }
        assert_eq!(find.name, "posts.find");
        let attributes: Vec<_> = find.attributes.iter().map(|own| (own.key.as_str(), own.value.to_string())).collect();
        assert_eq!(
            attributes,
            [
                ("db.system.name", "sqlite".to_owned()),
                ("db.operation.name", "posts.find".to_owned()),
                ("db.query.text", "SELECT * FROM posts WHERE id = $1".to_owned()),
                ("thoughts.database.role", "replica".to_owned()),
            ]
        );
        assert_eq!((&find.status, &publish.status), (&Status::Unset, &Status::error("")));

        assert_eq!(spans(TraceFlags::NOT_SAMPLED).len(), 0, "the caller decides on sampling");
    }
}
