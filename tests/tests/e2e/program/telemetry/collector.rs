//! Trace collectors for tests: one that accepts OTLP/HTTP, and one that never responds.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Stores the spans that it receives.
pub(super) struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<ResourceSpans>>>,
}

impl Collector {
    /// Listens until the test ends.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&keep)));
            }
        });
        Self { address, received }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans received so far.
    pub(super) fn spans(&self) -> Vec<Span> {
        let scopes = self.received().into_iter().flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// The service names of the senders.
    pub(super) fn services(&self) -> Vec<String> {
        let resources = self.received().into_iter().filter_map(|spans| spans.resource);
        let mut names: Vec<String> =
            resources.filter_map(|resource| texts(&resource.attributes).remove("service.name")).collect();
        names.dedup();
        names
    }

    fn received(&self) -> Vec<ResourceSpans> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut stream: TcpStream, keep: Arc<Mutex<Vec<ResourceSpans>>>) {
    let mut reader = BufReader::new(&mut stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begin = head.len();
        if reader.read_line(&mut head).await.unwrap() == 0 {
            return;
        }
        if let Some((name, value)) = head[begin..].split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/x-protobuf"), "{head}");
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    keep.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_spans);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.unwrap();
}

/// Accepts connections and never responds.
pub(super) struct Silent {
    address: SocketAddr,
    called: Arc<AtomicBool>,
}

pub(super) async fn silent() -> Silent {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let called = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&called);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            note.store(true, Ordering::SeqCst);
            open.push(stream);
        }
    });
    Silent { address, called }
}

impl Silent {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn was_called(&self) -> bool {
        self.called.load(Ordering::SeqCst)
    }
}

/// The attributes of a span.
pub(super) fn attributes(span: &Span) -> HashMap<String, String> {
    texts(&span.attributes)
}

fn texts(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    };
    attributes.iter().filter_map(|attribute| Some((attribute.key.clone(), text(attribute)?))).collect()
}

/// An id in hexadecimal.
pub(super) fn hexadecimal(id: &[u8]) -> String {
    id.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
