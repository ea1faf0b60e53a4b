//! Problem codes. A shell lists the codes of all its contexts in its OpenAPI document.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The stable code of a problem, for programs. Ordered by status, then by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    status: u16,
    text: &'static str,
}

impl Code {
    /// A code, and the status of its problems.
    pub const fn new(status: u16, text: &'static str) -> Self {
        Self { status, text }
    }

    /// The HTTP status of its problems.
    pub const fn status(self) -> u16 {
        self.status
    }

    /// The text of the code.
    pub const fn as_str(self) -> &'static str {
        self.text
    }

    /// The schema of a code that is one of `codes`.
    pub fn one_of(codes: &[Self]) -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let schema = schema.description(Some("Stable code of the error, for programs. New codes may be added."));
        schema.enum_values(Some(codes.iter().map(|code| code.as_str()))).into()
    }
}

/// Declares codes, each with its status and text, and the list `CODES` of all of them.
#[macro_export]
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $status:literal $text:literal;)*) => {
        $($(#[$meta])* pub const $name: $crate::problem::Code = $crate::problem::Code::new($status, $text);)*

        /// Every code declared here.
        pub const CODES: &[$crate::problem::Code] = &[$($name),*];
    };
}

codes! {
    /// The request cannot be parsed, or a browser's preflight was rejected.
    BAD_REQUEST = 400 "bad_request";
    /// The cursor was not issued for this list.
    INVALID_CURSOR = 400 "invalid_cursor";
    /// The body is not well-formed JSON.
    MALFORMED_BODY = 400 "malformed_body";
    /// The access token is invalid or expired, or its session has ended.
    INVALID_TOKEN = 401 "invalid_token";
    /// The call requires an access token, and none was sent.
    UNAUTHENTICATED = 401 "unauthenticated";
    /// The resource or path does not exist.
    NOT_FOUND = 404 "not_found";
    /// The path supports other methods.
    METHOD_NOT_ALLOWED = 405 "method_not_allowed";
    /// The body did not arrive in time.
    BODY_TIMEOUT = 408 "body_timeout";
    /// The request's head did not arrive in time.
    REQUEST_TIMEOUT = 408 "request_timeout";
    /// The resource was edited after the revision that the client has.
    PRECONDITION_FAILED = 412 "precondition_failed";
    /// The body exceeds the size limit.
    BODY_TOO_LARGE = 413 "body_too_large";
    /// Path and query exceed the length limit.
    URI_TOO_LONG = 414 "uri_too_long";
    /// The content type is not supported.
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type";
    /// The idempotency key was used for another request.
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused";
    /// The body has a field that the request does not have.
    UNKNOWN_FIELD = 422 "unknown_field";
    /// The query has a parameter that the call does not have.
    UNKNOWN_PARAMETER = 422 "unknown_parameter";
    /// Fields, parameters or headers are invalid.
    VALIDATION_FAILED = 422 "validation_failed";
    /// The client's budget is empty.
    RATE_LIMITED = 429 "rate_limited";
    /// The request's head exceeds the size limit.
    HEADERS_TOO_LARGE = 431 "headers_too_large";
    /// A fault of the server.
    INTERNAL_ERROR = 500 "internal_error";
    /// Sent by gateways only.
    NOT_IMPLEMENTED = 501 "not_implemented";
    /// Sent by gateways only: no instance responded.
    BAD_GATEWAY = 502 "bad_gateway";
    /// The instance is stopping.
    DRAINING = 502 "draining";
    /// The database cannot be reached.
    DATABASE_UNAVAILABLE = 503 "database_unavailable";
    /// The server is overloaded and did not start the request.
    OVERLOADED = 503 "overloaded";
    /// The database has run out of storage.
    STORAGE_FULL = 503 "storage_full";
    /// The request exceeded its time limit.
    TIMEOUT = 503 "timeout";
    /// Sent by gateways only.
    UNAVAILABLE = 503 "unavailable";
    /// Sent by gateways only: no instance responded in time.
    GATEWAY_TIMEOUT = 504 "gateway_timeout";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        Self::one_of(CODES)
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
}
