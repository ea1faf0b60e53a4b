//! Keyset pagination: a page ends at a position, and the next page begins after it.
//!
//! A position is a pair that never changes (a time and an id). A walk over the pages shows nothing twice, and skips
//! nothing that was in the list throughout, whatever is written meanwhile.

use crate::{Cuid, Timestamp};

/// A position in a list that is ordered by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time that orders the list: of the creation, the like or the follow.
    pub at: Timestamp,
    /// The id of the item at this position, which orders equal times.
    pub id: Cuid,
}

/// How many items a page may have: 1 to 100, by default 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u8);

impl PageSize {
    /// The fewest items of a page.
    pub const MIN: u8 = 1;
    /// The most items of a page.
    pub const MAX: u8 = 100;
    /// The size for a client that requests none.
    pub const DEFAULT: Self = Self(20);

    /// A page size of `size` items.
    ///
    /// # Errors
    /// [`ParsePageSizeError`] when `size` is out of bounds.
    pub fn new(size: u8) -> Result<Self, ParsePageSizeError> {
        if (Self::MIN..=Self::MAX).contains(&size) { Ok(Self(size)) } else { Err(ParsePageSizeError) }
    }

    /// The number of items.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A page size out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {} to {}", PageSize::MIN, PageSize::MAX)]
pub struct ParsePageSizeError;

/// A request for a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// The most items of the page.
    pub size: PageSize,
    /// The position after which the page begins; `None` for the first page.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// How many rows to read: one more than the page has, which shows whether another page follows.
    pub fn lookahead(&self) -> u64 {
        self.size.get() as u64 + 1
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The position after which the next page begins; `None` if this is the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page of rows that were read with [`PageRequest::lookahead`].
    ///
    /// `position` returns the position of a row in the list.
    pub fn from_lookahead(mut rows: Vec<T>, size: PageSize, position: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > size.get();
        rows.truncate(size.get());
        let next = if more { rows.last().map(position) } else { None };
        Self { items: rows, next }
    }

    /// The same page with converted items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "positions are told of rows, which are not copied")]
    fn position(at: &i64) -> Cursor {
        Cursor { at: Timestamp::from_micros(*at), id: Cuid::parse("aaaaaaaaaaaaaaaaaaaaaaaa").unwrap() }
    }

    #[test]
    fn a_full_page_with_nothing_after_it_is_the_last() {
        let page = Page::from_lookahead(vec![1, 2], PageSize::new(2).unwrap(), position);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }

    #[test]
    fn an_extra_row_is_cut_off_and_sets_the_next_page() {
        let page = Page::from_lookahead(vec![1, 2, 3], PageSize::new(2).unwrap(), position);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(position(&2))));
    }

    #[test]
    fn size_is_bounded() {
        assert!(PageSize::new(0).is_err() && PageSize::new(101).is_err());
        assert_eq!(PageSize::new(100).map(PageSize::get), Ok(100));
    }
}
