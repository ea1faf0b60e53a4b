//! Answers with what they need to be cached and revalidated: entity tags, 304, `Vary`, `Cache-Control`.

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

/// Says that an answer is an earlier one.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// Bytes of a body that are compressed here, at most: that holds up others of the worker, which the middleware, with longer
/// bodies, does not.
const MOST_PACKED: usize = 64 * 1024;

/// What an answer says.
enum Content<'e> {
    /// To this reader only.
    Own(Vec<u8>),
    /// To many.
    Shared(&'e Encoded),
}

/// A file that is the same for everybody.
pub struct File {
    body: Encoded,
    content_type: HeaderValue,
}

impl File {
    /// A file, with a strong entity tag.
    pub fn new(bytes: Bytes, content_type: &str) -> Result<Self, Problem> {
        let tag = format!("\"{:016x}\"", xxh3_64(&bytes));
        Ok(Self { body: Encoded::of_bytes(bytes, &tag)?, content_type: header_value(content_type)? })
    }

    /// Pictures are packed already.
    fn is_worth_packing(&self) -> bool {
        !self.content_type.as_bytes().starts_with(b"image/")
    }
}

/// Writes the answer to a request.
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
    /// One resource, with a strong entity tag; 304 if the client has it already.
    pub fn resource(&self, body: &impl Serialize, revision: Revision) -> Result<HttpResponse, Problem> {
        let json = encode(body)?;
        let tag = header_value(&entity_tag(revision, &json))?;
        Ok(self.conditional(tag, Content::Own(json), None))
    }

    /// One resource that readers share, with a strong entity tag; 304 if the client has it already.
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

    /// A resource that was just made, at `location`.
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

    /// A page of a list, with a weak entity tag and a link to the next page; 304 if the client has it already.
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

    /// A page of a list that readers share; otherwise as [`page`](Self::page).
    pub fn view_page<B: Representation>(
        &self,
        view: &ViewedPage<B::Subject, B::Viewer>,
    ) -> Result<HttpResponse, Problem> {
        let (path, links) = (self.request.path(), Links::of(&self.request)?);
        let mut made = None;
        // Other readers get what is left there, so that only who writes the path as everybody does may leave something.
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

    /// A file that is the same for everybody; 304 if the client has it already. It may be large, so that it is compressed,
    /// when the first client takes it that way, aside from the workers.
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

    /// What readers share, compressed once for all if the client takes that. What the reader takes otherwise is left to
    /// the middleware that compresses everything else.
    fn coded(&self, encoded: &Encoded, headers: &mut HeaderMap) -> Bytes {
        let coding = self.coding().filter(|_| encoded.plain.len() <= MOST_PACKED);
        let packed = coding.and_then(|(coding, name)| Some((encoded.packed(coding)?, name)));
        let Some((packed, name)) = packed else {
            return encoded.plain.clone();
        };
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        packed
    }

    /// The coding that the middleware would choose, if answers are kept in it.
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

    /// The tag of a 304: the one that the whole answer would have, which may be packed. A cache puts it on the body that it
    /// has (RFC 9111, 4.3.4).
    fn known_tag(&self, tag: &HeaderValue, is_worth_packing: bool) -> HeaderValue {
        let coding = self.coding().filter(|_| is_worth_packing);
        coding.and_then(|(_, name)| tag_of_packed(tag, name)).unwrap_or_else(|| tag.clone())
    }

    /// Copies may be kept, but must be checked before each use; a signed-in reader's only by that reader.
    fn cache_control(&self) -> HeaderValue {
        let is_signed_in = principal(&self.request).is_some();
        HeaderValue::from_static(if is_signed_in { "private, no-cache" } else { "public, no-cache" })
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

/// What is added to the tags of packed answers.
const ENCODINGS: [&str; 3] = ["-br", "-gzip", "-deflate"];

/// The tag of an answer once it is packed in `coding`: other bytes may not have the same strong one (RFC 9110, 8.8.3). A weak
/// one stays.
pub(crate) fn tag_of_packed(tag: &HeaderValue, coding: &str) -> Option<HeaderValue> {
    let opaque = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{opaque}-{coding}\"")).ok()
}

/// What is between the quotes of a tag, weak or strong, without the encoding of a packed answer.
fn of_unpacked(tag: &str) -> &str {
    let opaque = tag.trim_start_matches("W/").trim_matches('"');
    ENCODINGS.iter().find_map(|encoding| opaque.strip_suffix(encoding)).unwrap_or(opaque)
}

/// An answer that holds a secret: nobody keeps a copy.
pub fn secret(body: &impl Serialize) -> Result<HttpResponse, Problem> {
    status_with_secret(StatusCode::OK, body)
}

/// As [`secret`], with another status.
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
