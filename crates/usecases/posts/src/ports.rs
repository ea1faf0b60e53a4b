//! The ports of the posts context.

#![warn(missing_docs)]

mod bookmarks;
mod comments;
mod edits;
mod idempotency;
mod likes;
mod posts;

pub use bookmarks::*;
pub use comments::*;
pub use edits::*;
pub use idempotency::*;
pub use likes::*;
pub use posts::*;
