//! Fills a database with sample users, posts and comments, for trials and measurements.
//!
//! [`World`] generates users and their actions from a random seed and a few numbers, independent of any database.
//! [`mod@fill`] loads them. The same seed and numbers produce the same world, including ids, so loading it again adds
//! nothing.
//!
//! - `world/` generates users, posts, comments, follows, likes and bookmarks, one file each; `text/` generates their texts.
//! - [`chance`] and [`skew`] supply repeatable randomness with a bias towards popular users and posts.
//! - `arguments`, `target`, `consent` and `closing` are the command line interface.

pub mod arguments;
pub mod chance;
pub mod closing;
pub mod consent;
mod fill;
mod progress;
pub mod skew;
pub mod target;
pub mod test_users;
pub mod text;
pub mod world;

pub use fill::{Order, Report, fill};
pub use world::{Numbers, Period, World};
