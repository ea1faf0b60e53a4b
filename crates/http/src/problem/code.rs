//! What problems are called. A shell lists the codes of all its contexts in its OpenAPI document.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What happened, for programs; stable. Ordered by status, then by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    status: u16,
    text: &'static str,
}

impl Code {
    /// A code and the status of the problems that have it.
    pub const fn new(status: u16, text: &'static str) -> Self {
        Self { status, text }
    }

    /// The status of its problems.
    pub const fn status(self) -> u16 {
        self.status
    }

    /// The code as a problem has it.
    pub const fn as_str(self) -> &'static str {
        self.text
    }

    /// The schema of a code that is one of `codes`.
    pub fn one_of(codes: &[Self]) -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let schema = schema.description(Some("What happened, for programs; stable. There may be more one day."));
        schema.enum_values(Some(codes.iter().map(|code| code.as_str()))).into()
    }
}

/// Declares codes, each with its status and its text, and the list of them: `CODES`.
#[macro_export]
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $status:literal $text:literal;)*) => {
        $($(#[$meta])* pub const $name: $crate::problem::Code = $crate::problem::Code::new($status, $text);)*

        /// Every code of this list.
        pub const CODES: &[$crate::problem::Code] = &[$($name),*];
    };
}

codes! {
    /// Not understood at all, or from a web page that may not call.
    BAD_REQUEST = 400 "bad_request";
    /// The cursor does not belong to this list.
    INVALID_CURSOR = 400 "invalid_cursor";
    /// The body is not JSON.
    MALFORMED_BODY = 400 "malformed_body";
    /// The token proves nobody.
    INVALID_TOKEN = 401 "invalid_token";
    /// There is no token.
    UNAUTHENTICATED = 401 "unauthenticated";
    /// There is no such thing.
    NOT_FOUND = 404 "not_found";
    /// The path knows other methods.
    METHOD_NOT_ALLOWED = 405 "method_not_allowed";
    /// The body did not come in time.
    BODY_TIMEOUT = 408 "body_timeout";
    /// The head did not come in time.
    REQUEST_TIMEOUT = 408 "request_timeout";
    /// It was changed since the client saw it.
    PRECONDITION_FAILED = 412 "precondition_failed";
    /// The body is larger than the limit.
    BODY_TOO_LARGE = 413 "body_too_large";
    /// The address is longer than the limit.
    URI_TOO_LONG = 414 "uri_too_long";
    /// The body has another content type.
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type";
    /// The key belongs to another request.
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused";
    /// A field that the request does not have.
    UNKNOWN_FIELD = 422 "unknown_field";
    /// A parameter that the call does not have.
    UNKNOWN_PARAMETER = 422 "unknown_parameter";
    /// Fields that are not valid.
    VALIDATION_FAILED = 422 "validation_failed";
    /// The budget of the client is empty.
    RATE_LIMITED = 429 "rate_limited";
    /// The head is larger than the limit.
    HEADERS_TOO_LARGE = 431 "headers_too_large";
    /// A fault of the server.
    INTERNAL_ERROR = 500 "internal_error";
    /// Of a gateway.
    NOT_IMPLEMENTED = 501 "not_implemented";
    /// Of a gateway: no instance answered.
    BAD_GATEWAY = 502 "bad_gateway";
    /// The instance is stopping.
    DRAINING = 502 "draining";
    /// The database cannot be reached.
    DATABASE_UNAVAILABLE = 503 "database_unavailable";
    /// More is asked than can be answered in time.
    OVERLOADED = 503 "overloaded";
    /// The database has no room left.
    STORAGE_FULL = 503 "storage_full";
    /// It took too long.
    TIMEOUT = 503 "timeout";
    /// Of a gateway.
    UNAVAILABLE = 503 "unavailable";
    /// Of a gateway: no instance answered in time.
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
