//! A coherent cache for hot reads, as decorators over the ports: posts, accounts, pages of the public feed, and pages
//! of a user's posts. Called by the use cases through the ports, and by the server's follower of the journal.
//!
//! Cache entries hold only what is the same for every reader. Viewer flags (liked, bookmarked, following)
//! are read from the database, in one statement per page.
//!
//! Invariants:
//! - A change is published to the [`ChangeLog`] before the response to its write. `published/announce.rs` derives its
//!   [`Tag`]s from the facts of the write.
//! - The tag table (`known/tags.rs`) has the latest change of each tag that this instance has received.
//! - An entry carries its tags and a stamp (`kept/entry.rs`, `known/stamp.rs`). Its load saw every change up to the
//!   stamp.
//! - An entry is served only if none of its tags changed after its stamp, as far as this instance has received.
//! - Concurrent reads of one key share one load (`kept/single_flight.rs`).
//!
//! A read (`kept/read.rs`) tries the entries in the process (`kept/local.rs`), then [`SharedEntries`]
//! (`kept/shared.rs`), then loads.
//!
//! On failure the cache is bypassed: while the log is silent or disconnected, and while a change of this instance is
//! unpublished (`published/debt.rs`).
//!
//! Tested in `kept/read/tests.rs`, and at random over several instances in `tests/coherence`.

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
