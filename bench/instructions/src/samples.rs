//! Sample data, equal in every run.

use anyhow::Result;
use domain::{
    Author, Content, Cuid, Cursor, DisplayName, Page, PageSize, Post, PostId, Revision, Timestamp, UserId, Username,
};

/// The time of everything: 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// A content of usual length.
const THOUGHT: &str =
    "A thought that is about as long as most thoughts are, so that what is “encoded” has its usual size.";

/// An id made from a number.
pub(crate) fn cuid(number: usize) -> Result<Cuid> {
    Ok(Cuid::parse(&format!("c{number:023}"))?)
}

/// A position in a list.
pub(crate) fn cursor() -> Result<Cursor> {
    Ok(Cursor { at: NOW, id: cuid(20)? })
}

/// A post by one of seven authors.
pub(crate) fn post(number: usize) -> Result<Post> {
    let author = number % 7;
    Ok(Post {
        id: PostId::from(cuid(number)?),
        author: Author {
            id: UserId::from(cuid(1000 + author)?),
            username: Username::parse(&format!("writer_{author}"))?,
            display_name: DisplayName::parse(&format!("Writer {author}"))?,
        },
        content: Content::parse(THOUGHT)?,
        created_at: NOW,
        edited_at: number.is_multiple_of(5).then_some(NOW),
        revision: Revision(0),
        like_count: 17,
        comment_count: 4,
    })
}

/// A page of the default size that has a successor.
pub(crate) fn page() -> Result<Page<Post>> {
    let items = (0..PageSize::DEFAULT.get()).map(post).collect::<Result<_>>()?;
    Ok(Page { items, next: Some(cursor()?) })
}

/// The JSON body of a new post.
pub(crate) fn publication() -> String {
    format!(r#"{{"content":"{THOUGHT}"}}"#)
}
