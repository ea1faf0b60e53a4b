//! Copies of what is read often, as decorators over the ports, which never show what is known to have changed.
//!
//! Copies are of what is the same for every reader: posts, accounts, pages of the public feed and of a user's posts. What
//! is a reader's own is read along with them, in one statement.
//!
//! - The facts of every write (`published/announce.rs` listens to them) say which [`Tag`]s it touched. They are announced to the
//!   [`ChangeLog`] as one [`Change`] before the write is answered. Every instance follows the log and knows when each tag was
//!   last changed (`known/tags.rs`).
//! - Every copy carries what it depends on and a stamp (`kept/entry.rs`, `known/stamp.rs`): what had been heard when its load began,
//!   which is therefore in it. It is good if nothing that it depends on was changed after that.
//! - [`Cache`] (`cache.rs`) is told what the log says; `kept/read.rs` serves reads: from the copies in the process (`kept/local.rs`),
//!   from [`SharedEntries`] (`kept/codec.rs`), or by one load for all who want the same (`kept/single_flight.rs`).
//! - When the log is silent or lost, or an own change could not be announced (`published/debt.rs`), copies are not used at all.
//! - The decorators, one file a port, say what is copied.

mod cache;
mod decorators;
mod kept;
mod known;
mod metrics;
mod options;
mod published;
#[cfg(test)]
mod test_support;

pub use cache::Cache;
pub use decorators::{CachedPosts, CachedTimelines, CachedUsers};
pub use kept::shared::SharedEntries;
pub use known::log::{ChangeLog, InProcessLog, LogUnavailable};
pub use known::tag::Tag;
pub use known::version::Version;
pub use options::CacheOptions;
pub use published::change::Change;
