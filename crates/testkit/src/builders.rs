//! Builders of entities, with defaults for everything that a test does not set.
//!
//! Each entity is named by a word, from which its [`id`](crate::id) is made.

mod comment;
mod post;
mod user;

pub use comment::{CommentBuilder, a_comment};
pub use post::{PostBuilder, a_post};
pub use user::{UserBuilder, a_user, acting, author_of};
