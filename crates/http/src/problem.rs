//! Errors as problem details (RFC 9457). [`Problem`] is the only type that becomes an HTTP error.
//!
//! [`code`] lists the codes, [`document`] is the body that the client receives, [`shed`] the reasons that are counted.

pub mod code;
mod document;
mod shed;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use domain::{Failure, RepositoryError};

use super::targets;

pub use code::Code;
pub use document::{FieldError, ProblemDocument};
pub use shed::Shed;

/// `Retry-After` in seconds while a dependency is down.
const RETRY_SOON: u64 = 1;
const FIELDS: &str = "The request has invalid fields.";

/// Why a request failed: status, code, detail and headers of the response.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The reason under which it is counted instead of logged. Shedding is no fault, and logging it would add load.
    counted: Option<Shed>,
    /// The cause, for the log only; never sent to the client.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with the status of `code`.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            counted: None,
            cause: None,
        }
    }

    /// 422 with all invalid fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        // If every error is an unknown field or parameter, the problem's code says so.
        let all = |code: Code| errors.iter().all(|error| error.code == code.as_str());
        let (code, detail) = match errors.as_slice() {
            [_, ..] if all(code::UNKNOWN_FIELD) => (code::UNKNOWN_FIELD, FIELDS),
            [_, ..] if all(code::UNKNOWN_PARAMETER) => {
                (code::UNKNOWN_PARAMETER, "The request has unknown query parameters.")
            }
            _ => (code::VALIDATION_FAILED, FIELDS),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// 422 because of the meaning of one field; its syntax is valid.
    pub fn unprocessable(field: &'static str, code: Code, detail: impl fmt::Display) -> Self {
        let detail = sentence(&detail.to_string());
        let errors = vec![FieldError::new(field, code.as_str(), &detail)];
        Self { errors, ..Self::new(code, detail) }
    }

    /// 404; `detail` says what does not exist.
    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(code::NOT_FOUND, sentence(&detail.to_string()))
    }

    /// 403 with the given code.
    pub fn forbidden(code: Code, detail: impl fmt::Display) -> Self {
        Self::new(code, sentence(&detail.to_string()))
    }

    /// 412: the resource was edited after the revision that the client has.
    pub fn stale(detail: impl fmt::Display) -> Self {
        Self::new(code::PRECONDITION_FAILED, sentence(&detail.to_string()))
    }

    /// 401: the call requires an access token, and none was sent.
    pub fn unauthenticated() -> Self {
        Self::unauthorized(code::UNAUTHENTICATED, "this call requires an access token")
    }

    /// 401: the access token is invalid or expired, or its session has ended.
    pub fn invalid_token(detail: impl fmt::Display) -> Self {
        Self::new(code::INVALID_TOKEN, sentence(&detail.to_string()))
            .with_header(WWW_AUTHENTICATE, "Bearer realm=\"thoughts\", error=\"invalid_token\"")
    }

    /// 401 with another code.
    pub fn unauthorized(code: Code, detail: impl fmt::Display) -> Self {
        Self::new(code, sentence(&detail.to_string())).with_header(WWW_AUTHENTICATE, "Bearer realm=\"thoughts\"")
    }

    /// 405: the path supports other methods.
    pub fn method_not_allowed(allowed: &str) -> Self {
        Self::new(code::METHOD_NOT_ALLOWED, format!("This path supports {allowed}.")).with_header(ALLOW, allowed)
    }

    /// 400: the body is not well-formed JSON.
    pub(crate) fn malformed_body() -> Self {
        Self::new(code::MALFORMED_BODY, "The body is not well-formed JSON.")
    }

    /// 408: the body did not arrive in time.
    pub(crate) fn slow_body() -> Self {
        Self::new(code::BODY_TIMEOUT, "The request body took too long to arrive.")
    }

    /// 413: the body exceeds `limit` bytes.
    pub fn body_too_large(limit: usize) -> Self {
        let detail = format!("A request body may have at most {} KiB.", limit / 1024);
        Self::new(code::BODY_TOO_LARGE, detail)
    }

    /// 414: path and query exceed `limit` bytes.
    pub(crate) fn uri_too_long(limit: usize) -> Self {
        let detail = format!("Path and query may have at most {limit} bytes.");
        Self::new(code::URI_TOO_LONG, detail)
    }

    /// 429; the next request is granted after `wait`.
    pub fn rate_limited(wait: Duration) -> Self {
        Self::too_many("Too many requests.", wait)
    }

    /// 429; `detail` says what there was too much of.
    pub fn too_many(detail: &'static str, wait: Duration) -> Self {
        Self::new(code::RATE_LIMITED, detail).with_header(RETRY_AFTER, &whole_seconds(wait).to_string())
    }

    /// 503: the server cannot serve the request now, and may soon.
    pub fn unavailable(code: Code, detail: &'static str) -> Self {
        Self::new(code, detail).with_header(RETRY_AFTER, &RETRY_SOON.to_string())
    }

    /// 503: the server is overloaded, and nothing was changed. `what` is the overloaded part, `wait` the time until a
    /// retry.
    pub fn overloaded(what: Shed, wait: Duration) -> Self {
        let seconds = whole_seconds(wait).max(RETRY_SOON);
        let detail = "The server is overloaded. Nothing was changed.";
        let problem = Self::new(code::OVERLOADED, detail);
        Self { counted: Some(what), ..problem.with_header(RETRY_AFTER, &seconds.to_string()) }
    }

    /// 502: tells the gateway to retry on another instance.
    pub(crate) fn draining() -> Self {
        let problem = Self::new(code::DRAINING, "This instance is stopping. Retry on another instance.");
        Self { counted: Some(Shed::Draining), ..problem }
    }

    /// 500: a fault of the server. `cause` is logged.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(code::INTERNAL_ERROR, "The server failed to process the request.").caused_by(cause)
    }

    /// The errors of its fields.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Adds a response header. An invalid value is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The problem of a response that a library gave with a status only.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => code::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => code::METHOD_NOT_ALLOWED,
            StatusCode::PAYLOAD_TOO_LARGE => code::BODY_TOO_LARGE,
            status if status.is_server_error() => code::INTERNAL_ERROR,
            _ => code::BAD_REQUEST,
        };
        Self { status, ..Self::new(code, status.canonical_reason().unwrap_or("The request failed.")) }
    }

    /// The body that the client receives.
    pub fn document<'a>(&'a self, request_id: &'a str) -> ProblemDocument<'a> {
        ProblemDocument {
            kind: format!("urn:thoughts:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        }
    }

    /// Whether it is counted instead of logged.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted.is_some()
    }

    /// Counts or logs the problem. Call it once per response.
    pub(crate) fn log(&self) {
        if let Some(shed) = self.counted {
            metrics::counter!("http_requests_shed_total", "reason" => shed.name()).increment(1);
            return;
        }
        if !self.status.is_server_error() {
            return;
        }
        let mut chain = Vec::new();
        let mut cause: Option<&(dyn Error + 'static)> = self.cause.as_deref().map(|error| error as _);
        while let Some(error) = cause {
            chain.push(error.to_string());
            cause = error.source();
        }
        let chain = chain.join(": ");
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(target: targets::PROBLEMS, code = self.code.as_str(), cause = chain, "request not served");
        } else {
            tracing::error!(target: targets::PROBLEMS, code = self.code.as_str(), cause = chain, "request failed");
        }
    }
}

/// Rounded up, so that clients do not retry too early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Turns the message of an error into a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Status and headers. The middleware `problems` writes the body, which contains the request id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status);
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        match error.failure {
            Failure::Overloaded { retry_after } => Self::overloaded(Shed::Database, retry_after),
            Failure::StorageFull => {
                Self::unavailable(code::STORAGE_FULL, "The database has run out of storage.").caused_by(error)
            }
            Failure::Unavailable => {
                Self::unavailable(code::DATABASE_UNAVAILABLE, "The database cannot be reached.").caused_by(error)
            }
            Failure::Fault => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporary_failures_carry_retry_after() {
        let cases = [
            (RepositoryError::storage_full("test", "said inside"), 503, code::STORAGE_FULL),
            (RepositoryError::unavailable("test", "said inside"), 503, code::DATABASE_UNAVAILABLE),
            (RepositoryError::new("test", "said inside"), 500, code::INTERNAL_ERROR),
        ];
        for (error, status, code) in cases {
            let problem = Problem::from(error);
            assert_eq!((problem.status.as_u16(), problem.code), (status, code));
            let retries = problem.error_response().headers().contains_key(RETRY_AFTER);
            assert_eq!(retries, status == 503, "{code}");
        }
    }
}
