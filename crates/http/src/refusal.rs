//! Responses to bytes that are not an HTTP request. No middleware sees them, so each is a problem that is serialised
//! by hand.

use std::time::{Duration, SystemTime};

use actix_web::ResponseError as _;
use actix_web::http::header::HttpDate;
use domain::Timestamp;
use uuid::Uuid;

use super::problem::{Code, Problem, code};
use super::targets;
use crate::middleware::security_headers;

/// Connections that were refused before they sent a complete request.
const REFUSALS: &str = "http_refusals_total";

/// Why the received bytes are not a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are not HTTP.
    Malformed,
    /// The head has too many bytes or lines.
    HeadTooLarge,
    /// The head did not arrive completely in time.
    SlowHead,
}

impl Refusal {
    fn parts(self) -> (Code, &'static str) {
        match self {
            Self::Malformed => (code::BAD_REQUEST, "The request is malformed."),
            Self::HeadTooLarge => (code::HEADERS_TOO_LARGE, "The headers of the request are too large."),
            Self::SlowHead => (code::REQUEST_TIMEOUT, "The request took too long to arrive."),
        }
    }

    /// The complete response, after which the connection is closed. Counts and logs the refusal.
    pub fn answer(self, now: Timestamp) -> Vec<u8> {
        let id = Uuid::now_v7().to_string();
        let (code, detail) = self.parts();
        let problem = Problem::new(code, detail);
        let status = problem.status_code();
        let document = problem.document(&id);
        metrics::counter!(REFUSALS, "code" => code.as_str()).increment(1);
        tracing::info!(target: targets::REFUSALS, request_id = id, status = status.as_u16(), code = code.as_str(), "no request");
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let date = u64::try_from(now.as_micros()).unwrap_or_default();
        let date = HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_micros(date));
        let mut answer = format!(
            "HTTP/1.1 {} {}\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n\
             date: {date}\r\nx-request-id: {id}\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default(),
            body.len()
        )
        .into_bytes();
        for (name, value) in security_headers::defaults() {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                answer.extend_from_slice(part);
            }
        }
        answer.extend_from_slice(b"\r\n");
        answer.extend(body);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_problem_with_a_request_id() {
        let answer = String::from_utf8(Refusal::HeadTooLarge.answer(Timestamp::from_micros(0))).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains("\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{head}");
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], "headers_too_large");
        assert!(head.contains(&format!("\r\nx-request-id: {}\r\n", problem["request_id"].as_str().unwrap())), "{head}");
    }
}
