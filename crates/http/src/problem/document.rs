//! The body of a problem response.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::code::Code;

/// Problem details as of RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// URI of the kind of problem: `urn:thoughts:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", examples("urn:thoughts:problem:not_found"))]
    pub(super) kind: String,
    /// The HTTP status as text.
    #[schema(examples("Not Found"))]
    pub(super) title: &'a str,
    /// The HTTP status.
    #[schema(examples(404))]
    pub(super) status: u16,
    /// What happened, for people. The text may change.
    #[schema(examples("There is no such post."))]
    pub(super) detail: &'a str,
    /// What happened, for programs. The codes are stable.
    pub(super) code: Code,
    /// Id of the request in the server's log. Report it with an error.
    #[schema(examples("0199f0a2-6c1e-7d3b-9b1a-5f2d8c4e7a10"))]
    pub(super) request_id: &'a str,
    /// Every invalid field, parameter or header. Present for 422 only.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    pub(super) errors: &'a [FieldError],
}

/// An error of one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the field, parameter or header; `body` for the body as a whole.
    #[schema(examples("username"))]
    pub field: String,
    /// Stable code of the error, for programs.
    #[schema(examples("too_short"))]
    pub code: String,
    /// What is wrong, for people. The text may change.
    #[schema(examples("must have at least 3 characters"))]
    pub detail: String,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: impl Into<String>, code: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { field: field.into(), code: code.into(), detail: detail.to_string() }
    }
}
