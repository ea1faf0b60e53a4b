//! Trace context of a request, as of W3C Trace Context.

use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, global};
use uuid::Uuid;
use uuid::fmt::Simple;

/// Identifies the caller's span.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// State of other tracing systems on the path of the request.
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Tells the caller which span its request became.
pub(crate) const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// The trace that a request belongs to, and the request's span in it.
///
/// Without an exporter it costs almost nothing: it has an id for the log and no span.
pub(crate) struct RequestTrace {
    context: Context,
    id: Uuid,
}

impl RequestTrace {
    /// Continues the caller's trace, or begins one. Unless traces are `exported`, only the id is kept: the caller's,
    /// or `own`. Every log line of the request has that id.
    pub(crate) fn begin(request: &HttpRequest, method: &'static str, exported: bool, own: Uuid) -> Self {
        let caller = caller(request.headers());
        if !exported {
            return Self { context: Context::new(), id: caller.map_or(own, |caller| uuid(caller.trace_id())) };
        }
        let parent = caller.map_or_else(Context::new, |caller| Context::new().with_remote_span_context(caller));
        let tracer = global::tracer("thoughts");
        let span = tracer.span_builder(method).with_kind(SpanKind::Server).start_with_context(&tracer, &parent);
        let context = parent.with_span(span);
        let span = context.span();
        if span.is_recording() {
            span.set_attributes([
                KeyValue::new("http.request.method", if method == "other" { "_OTHER" } else { method }),
                KeyValue::new("url.scheme", "http"),
                KeyValue::new("url.path", request.path().to_owned()),
            ]);
        }
        let id = match span.span_context().trace_id() {
            TraceId::INVALID => own,
            id => uuid(id),
        };
        Self { context, id }
    }

    /// The context that further spans of the request belong to.
    pub(crate) fn context(&self) -> Context {
        self.context.clone()
    }

    /// The trace id, as 32 lower-case hexadecimal digits. A simple UUID has the same form and is formatted ten times
    /// as fast.
    pub(crate) fn id(&self) -> Simple {
        self.id.simple()
    }

    /// Adds `traceresponse`, if the request has a span.
    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        let span = self.context.span();
        let span = span.span_context();
        // Without an exporter, the context holds the caller's own span.
        if span.is_valid() && !span.is_remote() {
            let value = format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags());
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(TRACERESPONSE, value);
            }
        }
    }

    /// Ends the span of a request with its status. The span of a cancelled request ends without one.
    pub(crate) fn end(&self, method: &str, route: Option<&str>, status: StatusCode) {
        let span = self.context.span();
        if !span.is_recording() {
            return;
        }
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(route) = route {
            span.update_name(format!("{method} {route}"));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        if status.is_server_error() {
            span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// The trace id as a UUID.
fn uuid(id: TraceId) -> Uuid {
    Uuid::from_bytes(id.to_bytes())
}

/// The caller's span, if `traceparent` is well-formed; a malformed one is ignored.
fn caller(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT);
    let (parent, None) = (parents.next()?.to_str().ok()?, parents.next()) else {
        return None;
    };
    let mut fields = parent.trim().split('-');
    let version = hexadecimal(fields.next()?, 2)?;
    let trace = hexadecimal(fields.next()?, 32)?;
    let span = u64::try_from(hexadecimal(fields.next()?, 16)?).ok()?;
    let flags = u8::try_from(hexadecimal(fields.next()?, 2)?).ok()?;
    // Later versions may append fields.
    if version == 0xff || (version == 0 && fields.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
    let caller = SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, true, state(headers));
    caller.is_valid().then_some(caller)
}

/// The caller's `tracestate`, which is forwarded unchanged.
fn state(headers: &HeaderMap) -> TraceState {
    let parts: Vec<&str> = headers.get_all(TRACESTATE).filter_map(|value| value.to_str().ok()).collect();
    TraceState::from_str(&parts.join(",")).unwrap_or_default()
}

/// Parses exactly `digits` lower-case hexadecimal digits.
fn hexadecimal(raw: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let well_formed = raw.len() == digits && raw.bytes().all(is_digit);
    well_formed.then(|| u128::from_str_radix(raw, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn request(headers: &[(HeaderName, &str)]) -> HttpRequest {
        let request = TestRequest::default();
        headers.iter().fold(request, |request, header| request.append_header(header.clone())).to_http_request()
    }

    mod caller {
        use super::*;

        fn caller(headers: &[(HeaderName, &str)]) -> Option<SpanContext> {
            super::super::caller(request(headers).headers())
        }

        #[test]
        fn is_read_from_trace_span_and_flags() {
            for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
                let caller = caller(&[(TRACEPARENT, &format!("00-{TRACE}-{SPAN}-{flags}"))]).unwrap();
                assert_eq!((caller.trace_id().to_string(), caller.span_id().to_string()), (TRACE.into(), SPAN.into()));
                assert_eq!((caller.is_sampled(), caller.is_remote()), (sampled, true));
            }
        }

        #[test]
        fn may_use_a_later_version() {
            assert!(caller(&[(TRACEPARENT, &format!("cc-{TRACE}-{SPAN}-01"))]).is_some());
            assert!(caller(&[(TRACEPARENT, &format!("cc-{TRACE}-{SPAN}-01-what"))]).is_some());
        }

        #[test]
        fn is_none_for_a_malformed_traceparent() {
            let zeros = "0".repeat(32);
            for parent in [
                String::new(),
                TRACE.to_owned(),
                format!("00-{TRACE}-{SPAN}"),
                format!("00-{TRACE}-{SPAN}-"),
                format!("00-{TRACE}-{SPAN}-1"),
                format!("00-{TRACE}-{SPAN}-01-"),
                format!("00-{TRACE}-{SPAN}-01-what"),
                format!("ff-{TRACE}-{SPAN}-01"),
                format!("0-{TRACE}-{SPAN}-01"),
                format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
                format!("00-{}-{SPAN}-01", &TRACE[1..]),
                format!("00-+{}-{SPAN}-01", &TRACE[1..]),
                format!("00-{zeros}-{SPAN}-01"),
                format!("00-{TRACE}-{}-01", &zeros[..16]),
            ] {
                assert_eq!(caller(&[(TRACEPARENT, &parent)]), None, "{parent}");
            }
            let parent = format!("00-{TRACE}-{SPAN}-01");
            assert_eq!(caller(&[(TRACEPARENT, &parent), (TRACEPARENT, &parent)]), None, "twice");
        }

        #[test]
        fn keeps_its_tracestate() {
            let parent = format!("00-{TRACE}-{SPAN}-01");
            let states = |states: &[&str]| {
                let mut headers = vec![(TRACEPARENT, parent.as_str())];
                headers.extend(states.iter().map(|state| (TRACESTATE, *state)));
                caller(&headers).unwrap().trace_state().header()
            };
            assert_eq!(states(&["a=1,b=2", "c=3"]), "a=1,b=2,c=3");
            assert_eq!(states(&["nonsense"]), "", "the trace is good without it");
            assert_eq!(states(&[]), "");
        }
    }

    mod begin {
        use super::*;

        #[test]
        fn has_an_id_without_an_exporter() {
            let parent = format!("00-{TRACE}-{SPAN}-01");
            let trace = RequestTrace::begin(&request(&[(TRACEPARENT, &parent)]), "GET", false, Uuid::now_v7());
            assert_eq!(trace.id().to_string(), TRACE);
            let id = Uuid::now_v7();
            let own = RequestTrace::begin(&request(&[]), "GET", false, id);
            assert_eq!(own.id(), id.simple());
            for trace in [trace, own] {
                let mut headers = HeaderMap::new();
                trace.add(&mut headers);
                assert!(headers.is_empty(), "there is no span to tell of: {headers:?}");
            }
        }
    }
}
