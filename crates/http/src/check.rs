//! Validates the fields of a request and converts them to typed values, reporting every invalid field at once.

use std::fmt;

use domain::{
    ChoosePasswordError, ParseIdError, ParseIdempotencyKeyError, ParsePasswordError, ParseTextError, ParseUsernameError,
};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::problem::{FieldError, Problem};

/// Collects the errors of a request's fields.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Starts with the validation that the DTO declares.
    pub fn shape(request: &impl Validate) -> Self {
        let errors = request.validate().err().map(field_errors).unwrap_or_default();
        Self { errors }
    }

    /// Parses an optional field. Returns `None` if it was omitted, or if it is invalid, which is recorded.
    pub fn parse<T, E>(
        &mut self,
        field: &'static str,
        given: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T>
    where
        E: Coded,
    {
        match given.map(parse)? {
            Ok(value) => Some(value),
            Err(error) => {
                self.errors.push(FieldError::new(field, error.code(), error));
                None
            }
        }
    }

    /// Records that a field is missing which another field requires.
    pub fn missing(&mut self, field: &'static str) {
        self.errors.push(FieldError::new(field, "required", explain("required")));
    }

    /// True if no field has been found invalid.
    pub fn passed(&self) -> bool {
        self.errors.is_empty()
    }

    /// Converts the collected errors to a 422 problem.
    pub fn into_problem(self) -> Problem {
        Problem::invalid(self.errors)
    }
}

/// The validator's errors, without its messages, which would repeat the request's values.
fn field_errors(errors: ValidationErrors) -> Vec<FieldError> {
    let mut found: Vec<FieldError> = errors
        .into_errors()
        .into_iter()
        .flat_map(|(field, kind)| match kind {
            ValidationErrorsKind::Field(errors) => errors
                .into_iter()
                .map(|error| FieldError::new(field.clone(), error.code.clone(), explain(&error.code)))
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn explain(code: &str) -> &'static str {
    match code {
        "required" => "is missing",
        _ => "is not valid",
    }
}

/// An error of a value object, with a stable code for programs.
pub trait Coded: fmt::Display {
    /// The code in the response; stable.
    fn code(&self) -> &'static str;
}

impl Coded for ParseTextError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::Blank => "blank",
            Self::ControlCharacter => "control_character",
            Self::LineBreak => "line_break",
            Self::UnclosedDirection => "unclosed_direction",
        }
    }
}

impl Coded for ParsePasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

impl Coded for ChoosePasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(error) => error.code(),
            Self::Blank => "blank",
            Self::Common => "too_common",
        }
    }
}

impl Coded for ParseUsernameError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Characters => "invalid_characters",
            Self::FirstCharacter => "invalid_first_character",
            Self::Reserved => "reserved",
        }
    }
}

impl Coded for ParseIdError {
    fn code(&self) -> &'static str {
        "invalid_id"
    }
}

impl Coded for ParseIdempotencyKeyError {
    fn code(&self) -> &'static str {
        "invalid_idempotency_key"
    }
}
