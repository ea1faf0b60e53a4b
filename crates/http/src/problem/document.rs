//! The document that a client gets of a problem.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::code::Code;

/// Problem details as of RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", examples("urn:thoughts:problem:not_found"))]
    pub(super) kind: String,
    /// The status in words.
    #[schema(examples("Not Found"))]
    pub(super) title: &'a str,
    /// The HTTP status.
    #[schema(examples(404))]
    pub(super) status: u16,
    /// What happened, for people.
    #[schema(examples("There is no such post."))]
    pub(super) detail: &'a str,
    /// What happened, for programs; stable.
    pub(super) code: Code,
    /// Finds the request in the server's log.
    #[schema(examples("0199f0a2-6c1e-7d3b-9b1a-5f2d8c4e7a10"))]
    pub(super) request_id: &'a str,
    /// For 422: every field that is wrong.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    pub(super) errors: &'a [FieldError],
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, parameter or header.
    #[schema(examples("username"))]
    pub field: String,
    /// Stable and machine-readable.
    #[schema(examples("too_short"))]
    pub code: String,
    /// For people.
    #[schema(examples("must have at least 3 characters"))]
    pub detail: String,
}

impl FieldError {
    /// What is wrong with `field`.
    pub fn new(field: impl Into<String>, code: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { field: field.into(), code: code.into(), detail: detail.to_string() }
    }
}
