//! URLs of this server as clients see them: in `Link` and `Location`, in the OpenAPI document and on the start page.
//!
//! A gateway may strip a prefix from the paths that it forwards (`BASE_PATH`). Paths that clients will request next
//! are written with that prefix. Paths that the server reads never have it.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use url::form_urlencoded;

use super::cursor::CursorCodec;
use super::problem::Problem;

/// Query parameters that the link to the next page repeats. All others are dropped, so that the response's headers do
/// not grow with the request.
const REPEATED: [&str; 1] = ["limit"];

/// Writes paths with the base path, and cursors.
pub struct Links {
    pub(crate) cursors: CursorCodec,
    base: String,
}

impl Links {
    /// `base` precedes every path: empty, or a path that does not end with `/`.
    pub(crate) fn new(cursors: CursorCodec, base: String) -> Self {
        Self { cursors, base }
    }

    /// The links of the application that serves the request.
    pub fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        let links = request.app_data::<Data<Self>>();
        links.map(|links| &***links).ok_or_else(|| Problem::internal("no links are configured"))
    }

    /// The prefix of every path that clients see.
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// The `Link` header to the next page of the list at `address`: the same path with another cursor.
pub(crate) fn next_link(address: &str, query: &str, cursor: &str) -> Result<HeaderValue, Problem> {
    let mut next = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if REPEATED.contains(&&*name) {
            next.append_pair(&name, &value);
        }
    }
    next.append_pair("cursor", cursor);
    HeaderValue::from_str(&format!("<{address}?{}>; rel=\"next\"", next.finish())).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_repeats_only_list_parameters() {
        let link = next_link("/v1/posts", "limit=5&cursor=old&q=a%20b", "new").unwrap();
        assert_eq!(link, "</v1/posts?limit=5&cursor=new>; rel=\"next\"");
    }
}
