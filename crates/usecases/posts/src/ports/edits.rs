//! What editing and deleting a post or a comment have in common.

use domain::{Content, Revision, Timestamp};

/// The new text of a post or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The new text.
    pub content: Content,
    /// When it was edited.
    pub at: Timestamp,
    /// The revision that the client expects; `None` accepts any.
    pub expected: Option<Revision>,
}

/// The outcome of an edit or a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// It was changed; after an edit, this is the new state.
    Changed(T),
    /// It does not exist.
    NotFound,
    /// It is at another revision than expected.
    Stale,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
