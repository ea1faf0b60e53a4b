//! Addresses on this server as clients see them: in `Link` and `Location`, in the document and on the first page.
//!
//! A gateway may strip a prefix from the addresses that it hands on (`BASE_PATH`). Whatever a client shall ask for next is
//! written with that prefix; what the server reads never has it.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use url::form_urlencoded;

use super::cursor::CursorCodec;
use super::problem::Problem;

/// Parameters of lists that the link to the next page repeats. Nothing else: the head of an answer must not grow with
/// what a client sends.
const REPEATED: [&str; 1] = ["limit"];

/// Writes addresses, and the cursors in them.
pub struct Links {
    pub(crate) cursors: CursorCodec,
    base: String,
}

impl Links {
    /// With what stands before every path: nothing, or a path that does not end with `/`.
    pub(crate) fn new(cursors: CursorCodec, base: String) -> Self {
        Self { cursors, base }
    }

    /// Those of the server that the request reached.
    pub fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        let links = request.app_data::<Data<Self>>();
        links.map(|links| &***links).ok_or_else(|| Problem::internal("no links are configured"))
    }

    /// What stands before every path.
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// Where the next page of the list at `address` is: the same address with another cursor.
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
    fn the_link_repeats_what_lists_know() {
        let link = next_link("/v1/posts", "limit=5&cursor=old&q=a%20b", "new").unwrap();
        assert_eq!(link, "</v1/posts?limit=5&cursor=new>; rel=\"next\"");
    }
}
