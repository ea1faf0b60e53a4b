//! Things to store, with sensible defaults for whatever a test does not care about.
//!
//! Each is named by a word, of which its [`id`](crate::id) is made.

mod comment;
mod post;
mod user;

pub use comment::{CommentBuilder, a_comment};
pub use post::{PostBuilder, a_post};
pub use user::{UserBuilder, a_user, acting, author_of};
