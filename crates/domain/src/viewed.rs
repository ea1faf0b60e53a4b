//! Things together with how the reader stands to them.

use crate::{Cursor, Page, Shared};

/// A thing as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewed<T, V> {
    /// What is the same for every reader.
    pub subject: T,
    /// What only this reader sees; `None` for an anonymous one.
    pub viewer: Option<V>,
}

impl<T, V> Viewed<T, V> {
    /// A thing as seen by a reader, or by nobody in particular.
    pub fn new(subject: impl Into<T>, viewer: Option<V>) -> Self {
        Self { subject: subject.into(), viewer }
    }
}

/// A page of things as one reader sees them. What is the same for every reader is shared, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedPage<T, V> {
    /// What is the same for every reader.
    pub page: Shared<Page<T>>,
    /// What only this reader sees of each item, in the page's order; `None` for an anonymous one.
    pub viewers: Option<Vec<V>>,
}

impl<T, V> ViewedPage<T, V> {
    /// A page as nobody in particular sees it.
    pub fn anonymous(page: impl Into<Shared<Page<T>>>) -> Self {
        Self { page: page.into(), viewers: None }
    }

    /// Puts together what was read item by item. The reader is either nobody in particular for all of them, or somebody.
    pub fn of(items: impl IntoIterator<Item = (T, Option<V>)>, next: Option<Cursor>) -> Self {
        let (items, viewers): (Vec<T>, Vec<Option<V>>) = items.into_iter().unzip();
        let viewers = viewers.into_iter().collect::<Option<Vec<V>>>().filter(|viewers| !viewers.is_empty());
        Self { page: Page { items, next }.into(), viewers }
    }
}

/// How a signed-in reader stands to a post or a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentViewer {
    /// The reader likes it.
    pub liked: bool,
}
