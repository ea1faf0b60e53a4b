use std::io::Read;

use domain::{Cuid, Cursor, Timestamp};
use serde_json::{Value, json};

use super::*;

/// A value with an own part for every reader.
struct Note(String);

#[derive(Serialize)]
struct NoteBody {
    text: String,
    likes: u32,
}

#[derive(Serialize)]
struct Viewer {
    liked: bool,
}

impl From<bool> for Viewer {
    fn from(liked: bool) -> Self {
        Self { liked }
    }
}

impl Representation for NoteBody {
    type Subject = Note;
    type Viewer = bool;
    type ViewerBody = Viewer;

    fn of(Note(name): &Note) -> Self {
        Self { text: format!("{name} \"}}{{\" braces {{}}, quotes \"\""), likes: 3 }
    }
}

fn page(words: &[&str]) -> Shared<Page<Note>> {
    let next = Cursor { at: Timestamp::from_micros(7), id: Cuid::parse("lastaaaaaaaaaaaaaaaaaaaa").unwrap() };
    Page { items: words.iter().map(|word| Note((*word).to_owned())).collect(), next: Some(next) }.into()
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

fn encode<'p>(page: &'p Shared<Page<Note>>, path: &str, made: &'p mut Option<EncodedPage>) -> &'p EncodedPage {
    let to_be_left = path != "/v1/%70osts";
    EncodedPage::of::<NoteBody>(page, ("", path), to_be_left, |_| "next".to_owned(), made)
        .unwrap_or_else(|_| panic!("not encoded"))
}

#[test]
fn an_unusual_spelling_of_the_path_stores_nothing_for_others() {
    let (page, mut odd, mut usual) = (page(&["one"]), None, None);
    encode(&page, "/v1/%70osts", &mut odd);
    encode(&page, "/v1/posts", &mut usual);
    assert!(odd.is_some() && usual.is_none(), "the usual path was stored");
}

#[test]
fn a_reader_sees_the_shared_items_with_their_own_viewer() {
    let (page, mut made) = (page(&["one", "two"]), None);
    let encoded = encode(&page, "/v1/posts", &mut made);
    let own = parsed(&encoded.seen_by::<NoteBody>(&[true, false]).unwrap());
    let mut expected = parsed(&encoded.body.plain);
    assert_eq!(expected["next_cursor"], "next");
    assert!(expected["items"][0].get("viewer").is_none());
    for (number, liked) in [(0, true), (1, false)] {
        expected["items"][number]["viewer"] = json!({"liked": liked});
    }
    assert_eq!(own, expected);
}

#[test]
fn an_empty_page_is_equal_for_all_readers() {
    let (page, mut made) = (page(&[]), None);
    let encoded = encode(&page, "/v1/posts", &mut made);
    assert_eq!(encoded.seen_by::<NoteBody>(&[]).unwrap(), encoded.body.plain);
    assert_eq!(parsed(&encoded.body.plain)["items"], json!([]));
}

#[test]
fn one_resource_gets_the_viewer_as_its_last_member() {
    let encoded = Encoded::resource::<NoteBody>(&Note("one".to_owned()), |_| "\"tag\"".to_owned()).unwrap();
    let own = parsed(&encoded.seen_by::<NoteBody>(true).unwrap());
    let mut expected = parsed(&encoded.plain);
    expected["viewer"] = json!({"liked": true});
    assert_eq!(own, expected);
}

#[test]
fn a_page_is_encoded_once_per_list() {
    let page = page(&["one"]);
    let (mut first, mut again, mut elsewhere) = (None, None, None);
    let body = encode(&page, "/v1/posts", &mut first).body.plain.as_ptr();
    assert_eq!(encode(&page, "/v1/posts", &mut again).body.plain.as_ptr(), body);
    assert_ne!(encode(&page, "/v1/users/@Ada/posts", &mut elsewhere).body.plain.as_ptr(), body);
    assert!(first.is_none() && again.is_none() && elsewhere.is_some());
}

#[test]
fn the_link_keeps_the_parameters_of_the_request() {
    let (page, mut made) = (page(&["one"]), None);
    let encoded = encode(&page, "/v1/posts", &mut made);
    let link = |query| encoded.link(query).unwrap().unwrap();
    assert_eq!(link(""), "</v1/posts?cursor=next>; rel=\"next\"");
    assert_eq!(link("limit=5"), "</v1/posts?limit=5&cursor=next>; rel=\"next\"");
}

#[test]
fn the_link_includes_the_base_path() {
    let (page, mut made) = (page(&["one"]), None);
    let cursor = |_| "next".to_owned();
    let encoded = EncodedPage::of::<NoteBody>(&page, ("/thoughts", "/v1/posts"), true, cursor, &mut made);
    let encoded = encoded.unwrap_or_else(|_| panic!("not encoded"));
    assert_eq!(encoded.link("").unwrap().unwrap(), "</thoughts/v1/posts?cursor=next>; rel=\"next\"");
    assert_eq!(encoded.link("limit=5").unwrap().unwrap(), "</thoughts/v1/posts?limit=5&cursor=next>; rel=\"next\"");
    assert!(made.is_none(), "stored with the page");
}

#[test]
fn compressed_bodies_decompress_to_the_plain_body() {
    let (page, mut made) = (page(&["one", "two", "three"]), None);
    let body = &encode(&page, "/v1/posts", &mut made).body;
    let mut unpacked = Vec::new();
    let packed = body.packed(Coding::Gzip).unwrap();
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, body.plain);
    let packed = body.packed(Coding::Brotli).unwrap();
    unpacked.clear();
    brotli::Decompressor::new(&*packed, 4096).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, body.plain);
    let packed_otherwise = body.packed(Coding::Deflate).unwrap();
    unpacked.clear();
    flate2::read::ZlibDecoder::new(&*packed_otherwise).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, body.plain);
    assert_eq!(body.packed(Coding::Brotli).unwrap().as_ptr(), packed.as_ptr(), "once for all");
}
