//! Copies of what is read often, as decorators over the ports, which never show what is known to have changed.
//!
//! Copies are of what is the same for every reader: posts, accounts, pages of the public feed and of a user's posts. What
//! is a reader's own is read along with them, in one statement.
//!
//! - The facts of every write (`announce.rs` listens to them) say which [`Tag`]s it touched. They are announced to the
//!   [`ChangeLog`] as one [`Change`] before the write is answered. Every instance follows the log and knows when each tag was
//!   last changed (`tags.rs`).
//! - Every copy carries what it depends on and a stamp (`entry.rs`, `stamp.rs`): what had been heard when its load began,
//!   which is therefore in it. It is good if nothing that it depends on was changed after that.
//! - [`Cache`] (`cache.rs`) is told what the log says; `read.rs` serves reads: from the copies in the process (`local.rs`),
//!   from [`SharedCopies`] (`codec.rs`), or by one load for all who want the same (`flights.rs`).
//! - When the log is silent or lost, or an own change could not be announced (`debt.rs`), copies are not used at all.
//! - The decorators, one file a port, say what is copied.

mod announce;
mod cache;
mod change;
mod codec;
mod debt;
mod decorators;
mod doubts;
mod entry;
mod flights;
mod key;
mod local;
mod log;
mod metrics;
mod options;
mod read;
mod records;
mod session;
mod shared;
mod stamp;
mod tag;
mod tags;
#[cfg(test)]
mod test_support;
mod version;

pub use cache::Cache;
pub use change::Change;
pub use decorators::{CachedPosts, CachedTimelines, CachedUsers};
pub use log::{ChangeLog, InProcessLog, LogUnavailable};
pub use options::CacheOptions;
pub use shared::SharedCopies;
pub use tag::Tag;
pub use version::Version;
