//! Writes cacheable responses: entity tags, 304, `Vary`, `Cache-Control`.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, ContentType, ETAG,
    Encoding, Header, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK, LOCATION, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, block};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use domain::{Page, Revision, Shared, Viewed, ViewedPage};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::encoded::{Coding, Encoded, EncodedPage, Representation, tag_of_page};
use super::identity::principal;
use super::links::{Links, next_link};
use super::paging::PageBody;
use super::problem::Problem;

/// Marks a response as the replay of an earlier one.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// Maximum bytes of a body that is compressed on the worker, which blocks its other requests. The middleware
/// compresses longer bodies without blocking.
const MOST_PACKED: usize = 64 * 1024;

/// The body of a response.
enum Content<'e> {
    /// Encoded for one reader.
    Own(Vec<u8>),
    /// Encoded once for many readers.
    Shared(&'e Encoded),
}

/// A static file, equal for all readers.
pub struct File {
    body: Encoded,
    content_type: HeaderValue,
}

impl File {
    /// A file with a strong entity tag.
    pub fn new(bytes: Bytes, content_type: &str) -> Result<Self, Problem> {
        let tag = format!("\"{:016x}\"", xxh3_64(&bytes));
        Ok(Self { body: Encoded::of_bytes(bytes, &tag)?, content_type: header_value(content_type)? })
    }

    /// Images are compressed already.
    fn is_worth_packing(&self) -> bool {
        !self.content_type.as_bytes().starts_with(b"image/")
    }
}

/// Writes the response to a request.
pub struct Reply {
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
    /// A resource with a strong entity tag; 304 if `If-None-Match` matches.
    pub fn resource(&self, body: &impl Serialize, revision: Revision) -> Result<HttpResponse, Problem> {
        let json = encode(body)?;
        let tag = header_value(&entity_tag(revision, &json))?;
        Ok(self.conditional(tag, Content::Own(json), None))
    }

    /// A resource whose encoding readers share, with a strong entity tag; 304 if `If-None-Match` matches.
    pub fn view<B: Representation>(
        &self,
        view: &Viewed<Shared<B::Subject>, B::Viewer>,
        revision: Revision,
    ) -> Result<HttpResponse, Problem> {
        let make = |subject: &B::Subject| Encoded::resource::<B>(subject, |json| entity_tag(revision, json));
        let made;
        let kept = view.subject.form(|subject| make(subject).ok()).and_then(Option::as_ref);
        let encoded = if let Some(kept) = kept {
            kept
        } else {
            made = make(&view.subject)?;
            &made
        };
        match view.viewer {
            None => Ok(self.conditional(encoded.tag.clone(), Content::Shared(encoded), None)),
            Some(viewer) => {
                let json = encoded.seen_by::<B>(viewer)?;
                let tag = header_value(&entity_tag(revision, &json))?;
                Ok(self.conditional(tag, Content::Own(json), None))
            }
        }
    }

    /// 201 with a new resource at `location`.
    pub fn created(
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

    /// A page of a list with a weak entity tag and a link to the next page; 304 if `If-None-Match` matches.
    pub fn page<T, B: Serialize>(&self, page: Page<T>, convert: impl FnMut(T) -> B) -> Result<HttpResponse, Problem> {
        let (path, query, links) = (self.request.path(), self.request.query_string(), Links::of(&self.request)?);
        let next = page.next.map(|cursor| links.cursors.encode(path, cursor));
        let address = || format!("{}{path}", links.base());
        let link = next.as_deref().map(|cursor| next_link(&address(), query, cursor)).transpose()?;
        let body = PageBody { items: page.items.into_iter().map(convert).collect(), next_cursor: next };
        let json = encode(&body)?;
        let tag = header_value(&tag_of_page(&json))?;
        Ok(self.conditional(tag, Content::Own(json), link))
    }

    /// A page whose encoding readers share; otherwise like [`page`](Self::page).
    pub fn view_page<B: Representation>(
        &self,
        view: &ViewedPage<B::Subject, B::Viewer>,
    ) -> Result<HttpResponse, Problem> {
        let (path, links) = (self.request.path(), Links::of(&self.request)?);
        let mut made = None;
        // The stored page is served to other readers. Only the usual spelling of the path may store one, because the
        // page has links.
        let is_usual = path == self.request.match_info().as_str();
        let cursor = |cursor| links.cursors.encode(path, cursor);
        let encoded = EncodedPage::of::<B>(&view.page, (links.base(), path), is_usual, cursor, &mut made)?;
        let link = encoded.link(self.request.query_string())?;
        match &view.viewers {
            None => Ok(self.conditional(encoded.body.tag.clone(), Content::Shared(&encoded.body), link)),
            Some(viewers) => {
                let json = encoded.seen_by::<B>(viewers)?;
                let tag = header_value(&tag_of_page(&json))?;
                Ok(self.conditional(tag, Content::Own(json), link))
            }
        }
    }

    /// A static file; 304 if `If-None-Match` matches. Files may be large, so they are compressed outside of the
    /// workers, when the first client accepts the coding.
    pub async fn file(&self, file: &Arc<File>, cache_control: &'static str) -> HttpResponse {
        let known =
            self.request.method() == Method::GET && file.body.tag.to_str().is_ok_and(|tag| self.client_has(tag));
        let mut response = HttpResponse::new(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
        if known {
            headers.insert(ETAG, self.known_tag(&file.body.tag, file.is_worth_packing()));
            return response;
        }
        headers.insert(ETAG, file.body.tag.clone());
        headers.insert(CONTENT_TYPE, file.content_type.clone());
        let coding = self.coding().filter(|_| file.is_worth_packing());
        let mut body = file.body.plain.clone();
        if let Some((coding, name)) = coding {
            let file = Arc::clone(file);
            if let Ok(Some(packed)) = block(move || file.body.packed(coding)).await {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
                body = packed;
            }
        }
        response.set_body(BoxBody::new(body))
    }

    fn conditional(&self, tag: HeaderValue, content: Content<'_>, link: Option<HeaderValue>) -> HttpResponse {
        let known = self.request.method() == Method::GET && tag.to_str().is_ok_and(|tag| self.client_has(tag));
        let mut response = HttpResponse::new(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, self.cache_control());
        headers.append(VARY, HeaderValue::from_static("authorization"));
        if let Some(link) = link {
            headers.insert(LINK, link);
        }
        if known {
            headers.insert(ETAG, self.known_tag(&tag, true));
            return response;
        }
        headers.insert(ETAG, tag);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = match content {
            Content::Own(json) => json.into(),
            Content::Shared(encoded) => self.coded(encoded, headers),
        };
        response.set_body(BoxBody::new(body))
    }

    /// A shared body, compressed once for all clients that accept a stored coding. The middleware compresses the
    /// others.
    fn coded(&self, encoded: &Encoded, headers: &mut HeaderMap) -> Bytes {
        let coding = self.coding().filter(|_| encoded.plain.len() <= MOST_PACKED);
        let packed = coding.and_then(|(coding, name)| Some((encoded.packed(coding)?, name)));
        let Some((packed, name)) = packed else {
            return encoded.plain.clone();
        };
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        packed
    }

    /// The coding that the compression middleware would choose, if bodies are stored in it.
    fn coding(&self) -> Option<(Coding, &'static str)> {
        if !self.request.headers().contains_key(ACCEPT_ENCODING) {
            return None;
        }
        let accepted = AcceptEncoding::parse(&self.request).ok()?;
        let supported = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate()];
        match accepted.negotiate(supported.iter())? {
            Encoding::Known(ContentEncoding::Brotli) => Some((Coding::Brotli, "br")),
            Encoding::Known(ContentEncoding::Gzip) => Some((Coding::Gzip, "gzip")),
            Encoding::Known(ContentEncoding::Deflate) => Some((Coding::Deflate, "deflate")),
            _ => None,
        }
    }

    /// The entity tag of a 304: the one that the full response would have, which may be compressed. A cache applies
    /// it to the body that it stored (RFC 9111, 4.3.4).
    fn known_tag(&self, tag: &HeaderValue, is_worth_packing: bool) -> HeaderValue {
        let coding = self.coding().filter(|_| is_worth_packing);
        coding.and_then(|(_, name)| tag_of_packed(tag, name)).unwrap_or_else(|| tag.clone())
    }

    /// Responses may be stored, but must be revalidated before each use; those of signed-in readers in private caches
    /// only.
    fn cache_control(&self) -> HeaderValue {
        let is_signed_in = principal(&self.request).is_some();
        HeaderValue::from_static(if is_signed_in { "private, no-cache" } else { "public, no-cache" })
    }

    /// Whether `If-None-Match` contains the tag, by weak comparison (RFC 9110, 13.1.2).
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

/// Suffixes of the entity tags of compressed responses.
const ENCODINGS: [&str; 3] = ["-br", "-gzip", "-deflate"];

/// The entity tag of a response compressed with `coding`, because other bytes need another strong tag (RFC 9110,
/// 8.8.3). `None` for a weak tag, which stays.
pub(crate) fn tag_of_packed(tag: &HeaderValue, coding: &str) -> Option<HeaderValue> {
    let opaque = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{opaque}-{coding}\"")).ok()
}

/// The opaque part of a weak or strong tag, without the suffix of a compressed response.
fn of_unpacked(tag: &str) -> &str {
    let opaque = tag.trim_start_matches("W/").trim_matches('"');
    ENCODINGS.iter().find_map(|encoding| opaque.strip_suffix(encoding)).unwrap_or(opaque)
}

/// A response that contains a secret and must not be stored.
pub fn secret(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    status_with_secret(StatusCode::OK, body)
}

/// Like [`secret`], with another status.
pub fn status_with_secret(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let json = encode(body)?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::json())
        .body(json))
}

fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(Problem::internal)
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(Problem::internal)
}

/// `"revision-hash"`: `If-Match` compares the revision; the hash changes with every byte of the response.
fn entity_tag(Revision(revision): Revision, json: &[u8]) -> String {
    format!("\"{revision}-{:016x}\"", xxh3_64(json))
}

/// The revision in an entity tag that [`Reply`] issued; `None` for a weak or a foreign one.
pub(crate) fn revision_of(tag: &str) -> Option<Revision> {
    let is_strong = tag.len() > 1 && tag.starts_with('"') && tag.ends_with('"');
    let (revision, hash) = of_unpacked(tag).split_once('-').filter(|_| is_strong)?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { revision.parse().ok().map(Revision) } else { None }
}
