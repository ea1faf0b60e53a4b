//! Fills a database with people and what they say to each other, for trying things out and for measuring them.
//!
//! [`World`] decides, from a random seed and a few numbers, who there is and who does what when; it knows no database.
//! [`fill`] loads it. The same seed and numbers make the same world, down to the ids: loading it again adds nothing.
//!
//! - `world/` makes users, posts, comments, follows and likes, one file each; `text/` makes what people write.
//! - [`chance`] and [`skew`] are the dice: repeatable, and loaded in favour of the popular.
//! - `arguments`, `target`, `consent` and `closing` talk to the person at the terminal.

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
