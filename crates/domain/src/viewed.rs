//! Things together with how the reader stands to them.

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
    pub fn new(subject: T, viewer: Option<V>) -> Self {
        Self { subject, viewer }
    }
}

/// How a signed-in reader stands to a post or a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentViewer {
    /// The reader likes it.
    pub liked: bool,
}
