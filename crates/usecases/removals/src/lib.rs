//! Removal of hidden rows: of erased accounts, of deleted posts, and of deleted comments with many likes.
//!
//! Erasing or deleting hides the thing and requests its removal, in one transaction. The rows are then removed in
//! slices, each in a short transaction of its own. Any instance continues an interrupted removal. The ports are in
//! [`ports`].

mod carry_out;
pub mod ports;

pub use carry_out::{CarriedOut, CarryOut, CarryOutError};

use domain::Cuid;

/// A hidden thing whose rows are to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Removal {
    /// The kind of the thing.
    pub kind: RemovalKind,
    /// The id of the thing.
    pub id: Cuid,
}

/// The kinds of things whose removal may take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemovalKind {
    /// An account with everything that it wrote and did.
    Account,
    /// A post with its comments, likes and bookmarks.
    Post,
    /// A deleted comment: its likes, and then the marks without replies.
    Comment,
}
