//! Answers with what they need to be cached and revalidated: entity tags, 304, `Vary`, `Cache-Control`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, ContentType, ETAG, IF_NONE_MATCH, LINK, LOCATION, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use domain::{Page, Revision};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::identity::principal;
use super::paging::{PageBody, codec, next_link};
use super::problem::Problem;

/// Says that an answer is an earlier one.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// Writes the answer to a request.
pub(crate) struct Reply {
    request: HttpRequest,
}

impl FromRequest for Reply {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone() }))
    }
}

impl Reply {
    /// One resource, with a strong entity tag; 304 if the client has it already.
    pub(crate) fn resource(&self, body: &impl Serialize, revision: Revision) -> Result<HttpResponse, Problem> {
        let json = encode(body)?;
        let tag = entity_tag(revision, &json);
        Ok(self.conditional(tag, json, |_| {}))
    }

    /// A resource that was just made, at `location`.
    pub(crate) fn created(
        body: &impl Serialize,
        revision: Revision,
        location: &str,
        replayed: bool,
    ) -> Result<HttpResponse, Problem> {
        let json = encode(body)?;
        let mut response = HttpResponse::Created();
        response.insert_header((ETAG, entity_tag(revision, &json))).insert_header((LOCATION, location));
        if replayed {
            response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
        }
        Ok(response.content_type(ContentType::json()).body(json))
    }

    /// A page of a list, with a weak entity tag and a link to the next page; 304 if the client has it already.
    pub(crate) fn page<T, B: Serialize>(
        &self,
        page: Page<T>,
        convert: impl FnMut(T) -> B,
    ) -> Result<HttpResponse, Problem> {
        let next = match page.next {
            Some(cursor) => Some(codec(&self.request)?.encode(self.request.path(), cursor)),
            None => None,
        };
        let link = next.as_deref().map(|cursor| next_link(&self.request, cursor));
        let body = PageBody { items: page.items.into_iter().map(convert).collect(), next_cursor: next };
        let json = encode(&body)?;
        let tag = format!("W/\"{:016x}\"", xxh3_64(&json));
        Ok(self.conditional(tag, json, |response| {
            if let Some(link) = link {
                response.insert_header((LINK, link));
            }
        }))
    }

    fn conditional(
        &self,
        tag: String,
        json: Vec<u8>,
        add_headers: impl FnOnce(&mut HttpResponseBuilder),
    ) -> HttpResponse {
        let known = self.request.method() == Method::GET && self.client_has(&tag);
        let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        self.cacheable(&mut response);
        response.insert_header((ETAG, tag));
        add_headers(&mut response);
        if known { response.finish() } else { response.content_type(ContentType::json()).body(json) }
    }

    /// Copies may be kept, but must be checked before each use; a signed-in reader's only by that reader.
    fn cacheable(&self, response: &mut HttpResponseBuilder) {
        let scope = if principal(&self.request).is_some() { "private, no-cache" } else { "public, no-cache" };
        response.insert_header((CACHE_CONTROL, scope)).append_header((VARY, AUTHORIZATION.as_str()));
    }

    /// Whether `If-None-Match` names the tag, by weak comparison (RFC 9110, 13.1.2).
    fn client_has(&self, tag: &str) -> bool {
        let wanted = of_unpacked(tag);
        self.request
            .headers()
            .get_all(IF_NONE_MATCH)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|candidate| candidate == "*" || of_unpacked(candidate) == wanted)
    }
}

/// What the middleware `encodings` adds to the tags of packed answers.
const ENCODINGS: [&str; 3] = ["-br", "-gzip", "-deflate"];

/// What is between the quotes of a tag, weak or strong, without the encoding of a packed answer.
fn of_unpacked(tag: &str) -> &str {
    let opaque = tag.trim_start_matches("W/").trim_matches('"');
    ENCODINGS.iter().find_map(|encoding| opaque.strip_suffix(encoding)).unwrap_or(opaque)
}

/// An answer that holds a secret: nobody keeps a copy.
pub(crate) fn secret(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    status_with_secret(StatusCode::OK, body)
}

/// As [`secret`], with another status.
pub(crate) fn status_with_secret(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let json = encode(body)?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::json())
        .body(json))
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(Problem::internal)
}

/// `"revision-hash"`: the revision is what editing guards, the hash changes with every byte of the answer.
fn entity_tag(Revision(revision): Revision, json: &[u8]) -> String {
    format!("\"{revision}-{:016x}\"", xxh3_64(json))
}

/// The revision in an entity tag that [`Reply`] made; `None` for a weak or a foreign one.
pub(crate) fn revision_of(tag: &str) -> Option<Revision> {
    let is_strong = tag.len() > 1 && tag.starts_with('"') && tag.ends_with('"');
    let (revision, hash) = of_unpacked(tag).split_once('-').filter(|_| is_strong)?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { revision.parse().ok().map(Revision) } else { None }
}
