//! Removal of what is hidden: the rows of erased accounts, of deleted posts, and of deleted comments with many likes.
//!
//! Whoever erases or deletes hides the thing in one transaction, which also requests its removal. The rows then go in
//! slices, each in a transaction of its own that holds rows of others only for a moment. A removal that is left off is
//! taken up again by any instance. What they need of the world is in [`ports`].

mod carry_out;
pub mod ports;

pub use carry_out::{CarriedOut, CarryOut, CarryOutError};

use domain::Cuid;

/// Something that is hidden, and whose rows are to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Removal {
    /// What it is.
    pub kind: RemovalKind,
    /// Which.
    pub id: Cuid,
}

/// Kinds of things whose removal may take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemovalKind {
    /// An account, with all that it wrote and did.
    Account,
    /// A post, with its comments and likes.
    Post,
    /// A comment that says nothing any more: its likes, and then the marks that nothing hangs on.
    Comment,
}
