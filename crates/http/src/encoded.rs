//! Response bodies that are encoded once and shared by all readers of the same value.
//!
//! Values that are read often come from cache entries, which are [`Shared`]. The encoded bytes are stored with the
//! cache entry, with their entity tag and, once a client accepted it, compressed. They live exactly as long as the
//! cache entry. The reader's own part (`viewer`) is spliced into the encoded bytes without encoding the rest again.

use std::io::Write;
use std::sync::OnceLock;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use domain::{Cursor, Page, Shared};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::links::next_link;
use super::problem::Problem;

/// The JSON form of a value: an object with the fields that are equal for all readers. The last member, `viewer`,
/// holds the reader's own part and is absent for anonymous readers.
pub trait Representation: Serialize {
    /// The value that it represents.
    type Subject: Send + Sync + 'static;
    /// The reader's own part.
    type Viewer: Copy;
    /// The JSON form of the reader's own part.
    type ViewerBody: Serialize + From<Self::Viewer>;

    /// The value as an anonymous reader sees it.
    fn of(subject: &Self::Subject) -> Self;
}

/// A content coding in which bodies are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
    Deflate,
}

/// An encoded body with its entity tag and its compressed forms.
pub(crate) struct Encoded {
    pub(crate) plain: Bytes,
    pub(crate) tag: HeaderValue,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
    deflate: OnceLock<Option<Bytes>>,
}

impl Encoded {
    fn new(json: Vec<u8>, tag: impl FnOnce(&[u8]) -> String) -> Result<Self, Problem> {
        let tag = tag(&json);
        Self::of_bytes(json.into(), &tag)
    }

    /// A body that is equal for all readers.
    pub(crate) fn of_bytes(plain: Bytes, tag: &str) -> Result<Self, Problem> {
        let tag = HeaderValue::from_str(tag).map_err(Problem::internal)?;
        let (brotli, gzip, deflate) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { plain, tag, brotli, gzip, deflate })
    }

    /// One resource, as an anonymous reader sees it.
    pub(crate) fn resource<B: Representation>(
        subject: &B::Subject,
        tag: impl FnOnce(&[u8]) -> String,
    ) -> Result<Self, Problem> {
        Self::new(serde_json::to_vec(&B::of(subject)).map_err(Problem::internal)?, tag)
    }

    /// The compressed body, computed once; `None` if compression fails.
    pub(crate) fn packed(&self, coding: Coding) -> Option<Bytes> {
        match coding {
            Coding::Brotli => self.brotli.get_or_init(|| brotli(&self.plain)),
            Coding::Gzip => self.gzip.get_or_init(|| gzip(&self.plain)),
            Coding::Deflate => self.deflate.get_or_init(|| deflate(&self.plain)),
        }
        .clone()
    }

    /// The body as one reader sees it.
    pub(crate) fn seen_by<B: Representation>(&self, viewer: B::Viewer) -> Result<Vec<u8>, Problem> {
        let mut json = Vec::with_capacity(self.plain.len() + VIEWER);
        let end = self.plain.len() - 1;
        json.extend_from_slice(&self.plain[..end]);
        put_in::<B>(&mut json, viewer)?;
        json.push(b'}');
        Ok(json)
    }
}

/// Estimated bytes of a `viewer` member.
const VIEWER: usize = 64;

fn put_in<B: Representation>(json: &mut Vec<u8>, viewer: B::Viewer) -> Result<(), Problem> {
    json.extend_from_slice(br#","viewer":"#);
    serde_json::to_writer(json, &B::ViewerBody::from(viewer)).map_err(Problem::internal)
}

/// The next page of a list.
struct Next {
    cursor: String,
    /// The link to it for requests without a query.
    link: HeaderValue,
}

/// A page as anonymous readers see it.
pub(crate) struct EncodedPage {
    pub(crate) body: Encoded,
    next: Option<Next>,
    /// The path of the list, as clients see it. The cursor is valid for that path only.
    address: String,
    /// Offsets at which each item ends, right before its closing brace.
    seams: Vec<usize>,
}

impl EncodedPage {
    /// Returns the encoded page that an earlier reader of the same list stored with `page`, or encodes it. If
    /// `to_be_left` is set, the new one is stored with `page` for later readers, else in `made`. The list is at
    /// `path`; clients see it at `base` and `path`.
    pub(crate) fn of<'p, B: Representation>(
        page: &'p Shared<Page<B::Subject>>,
        (base, path): (&str, &str),
        to_be_left: bool,
        cursor: impl Fn(Cursor) -> String,
        made: &'p mut Option<Self>,
    ) -> Result<&'p Self, Problem> {
        let address = || format!("{base}{path}");
        let left = || page.form(|page| Self::make::<B>(page, address(), page.next.map(&cursor)).ok());
        let kept = to_be_left.then(left).flatten().and_then(Option::as_ref);
        match kept.filter(|kept| kept.address.strip_prefix(base) == Some(path)) {
            Some(kept) => Ok(kept),
            // Stored under another path, for example with another spelling of the user's name.
            None => Ok(made.insert(Self::make::<B>(page, address(), page.next.map(&cursor))?)),
        }
    }

    fn make<B: Representation>(
        page: &Page<B::Subject>,
        address: String,
        cursor: Option<String>,
    ) -> Result<Self, Problem> {
        let mut json = br#"{"items":["#.to_vec();
        let mut seams = Vec::with_capacity(page.items.len());
        for item in &page.items {
            if !seams.is_empty() {
                json.push(b',');
            }
            serde_json::to_writer(&mut json, &B::of(item)).map_err(Problem::internal)?;
            seams.push(json.len() - 1);
        }
        json.extend_from_slice(br#"],"next_cursor":"#);
        serde_json::to_writer(&mut json, &cursor).map_err(Problem::internal)?;
        json.push(b'}');
        let next = match cursor {
            Some(cursor) => Some(Next { link: next_link(&address, "", &cursor)?, cursor }),
            None => None,
        };
        Ok(Self { body: Encoded::new(json, tag_of_page)?, next, address, seams })
    }

    /// The link to the next page for a request with `query`.
    pub(crate) fn link(&self, query: &str) -> Result<Option<HeaderValue>, Problem> {
        Ok(match &self.next {
            Some(next) if query.is_empty() => Some(next.link.clone()),
            Some(next) => Some(next_link(&self.address, query, &next.cursor)?),
            None => None,
        })
    }

    /// The page as one reader sees it. `viewers` are the reader's own parts of the items, in their order.
    pub(crate) fn seen_by<B: Representation>(&self, viewers: &[B::Viewer]) -> Result<Vec<u8>, Problem> {
        let anonymous = &self.body.plain;
        let mut json = Vec::with_capacity(anonymous.len() + viewers.len() * VIEWER);
        let mut begin = 0;
        for (seam, viewer) in self.seams.iter().zip(viewers) {
            json.extend_from_slice(&anonymous[begin..*seam]);
            put_in::<B>(&mut json, *viewer)?;
            begin = *seam;
        }
        json.extend_from_slice(&anonymous[begin..]);
        Ok(json)
    }
}

/// The weak entity tag of a page.
pub(crate) fn tag_of_page(json: &[u8]) -> String {
    format!("W/\"{:016x}\"", xxh3_64(json))
}

fn gzip(json: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 2), Compression::default());
    encoder.write_all(json).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn deflate(json: &[u8]) -> Option<Bytes> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(json.len() / 2), Compression::default());
    encoder.write_all(json).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn brotli(json: &[u8]) -> Option<Bytes> {
    /// Compresses texts of some kilobytes in less than a millisecond.
    const QUALITY: u32 = 5;
    /// Logarithm of the window size; the format's default.
    const WINDOW: u32 = 22;
    let mut packed = Vec::with_capacity(json.len() / 2);
    let mut encoder = brotli::CompressorWriter::new(&mut packed, json.len().max(1), QUALITY, WINDOW);
    encoder.write_all(json).ok()?;
    drop(encoder);
    Some(packed.into())
}

#[cfg(test)]
mod tests;
