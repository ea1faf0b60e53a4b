//! Things together with the flags of one reader.

use crate::{Cursor, Page, Shared};

/// A thing as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewed<T, V> {
    /// The part that is the same for every reader.
    pub subject: T,
    /// The part that only this reader sees; `None` for an anonymous reader.
    pub viewer: Option<V>,
}

impl<T, V> Viewed<T, V> {
    /// A thing as seen by a signed-in reader, or by an anonymous one if `viewer` is `None`.
    pub fn new(subject: impl Into<T>, viewer: Option<V>) -> Self {
        Self { subject: subject.into(), viewer }
    }
}

/// A page of things as one reader sees them. The part that is the same for every reader is shared, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedPage<T, V> {
    /// The part that is the same for every reader.
    pub page: Shared<Page<T>>,
    /// What only this reader sees of each item, in the order of the page; `None` for an anonymous reader.
    pub viewers: Option<Vec<V>>,
}

impl<T, V> ViewedPage<T, V> {
    /// A page as an anonymous reader sees it.
    pub fn anonymous(page: impl Into<Shared<Page<T>>>) -> Self {
        Self { page: page.into(), viewers: None }
    }

    /// Combines items that were read one by one. The flags must be present for all items or for none.
    pub fn of(items: impl IntoIterator<Item = (T, Option<V>)>, next: Option<Cursor>) -> Self {
        let (items, viewers): (Vec<T>, Vec<Option<V>>) = items.into_iter().unzip();
        let viewers = viewers.into_iter().collect::<Option<Vec<V>>>().filter(|viewers| !viewers.is_empty());
        Self { page: Page { items, next }.into(), viewers }
    }
}
