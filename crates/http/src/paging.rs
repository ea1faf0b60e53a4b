//! Pagination: query parameters of lists, and the body of a page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::{PageRequest, PageSize, ParsePageSizeError};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};

use super::links::Links;
use super::problem::{FieldError, Problem};

/// The requested page of a list, from the query string; 422 or 400 if it is invalid.
pub struct PageQuery(pub PageRequest);

impl FromRequest for PageQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request).map(Self))
    }
}

fn parse(request: &HttpRequest) -> Result<PageRequest, Problem> {
    let mut page = PageRequest::default();
    let mut cursor = None;
    let (mut limits, mut cursors) = (0, 0);
    let mut errors = Vec::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        match name.as_ref() {
            "limit" => {
                limits += 1;
                match parse_size(&value) {
                    Ok(size) => page.size = size,
                    Err(error) => errors.push(error),
                }
            }
            "cursor" => {
                cursors += 1;
                cursor = Some(value);
            }
            _ => {}
        }
    }
    for (name, count) in [("limit", limits), ("cursor", cursors)] {
        if count > 1 {
            errors.push(FieldError::new(name, "duplicate_field", "occurs more than once"));
        }
    }
    if !errors.is_empty() {
        errors.sort();
        errors.dedup();
        return Err(Problem::invalid(errors));
    }
    if let Some(cursor) = cursor {
        page.after = Some(Links::of(request)?.cursors.decode(request.path(), &cursor)?);
    }
    Ok(page)
}

fn parse_size(value: &str) -> Result<PageSize, FieldError> {
    // Digits only: the standard library also parses `+5`, which the contract does not allow.
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let size = if digits { value.parse().ok() } else { None };
    let size = size.and_then(|size| PageSize::new(size).ok());
    size.ok_or_else(|| FieldError::new("limit", "out_of_range", ParsePageSizeError))
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
pub struct PageBody<T> {
    /// The items of the page, in the order of the list. The page may have fewer items than `limit`.
    pub items: Vec<T>,
    /// Cursor of the next page, at most 200 bytes. Null if and only if no items follow.
    #[schema(required, max_length = 200)]
    pub next_cursor: Option<String>,
}

/// The parameters of a list, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `PageQuery` reads")]
pub struct PageParameters {
    /// Maximum number of items in the page, 1 to 100. Default: 20.
    #[param(minimum = 1, maximum = 100, default = 20, required = false, value_type = u8)]
    limit: u8,
    /// `next_cursor` of the previous page of the same list. Omit it for the first page.
    #[param(required = false, max_length = 200, value_type = String)]
    cursor: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_plain_numbers_within_bounds() {
        assert_eq!(parse_size("100").unwrap().get(), 100);
        for wrong in ["", "0", "101", "-1", "+5", "1.0", "1e1", " 1", "99999999999999999999", "ten"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
