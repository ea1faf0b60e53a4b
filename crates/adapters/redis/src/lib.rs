//! The state that instances share through Redis:
//!
//! - the journal of changes, and cached values;
//! - users' positions, for read-your-writes;
//! - rate limits, and limits on password guesses;
//! - the list of living members.
//!
//! Invariants:
//! - All code that uses Redis is in this crate.
//! - Redis is never the only home of any data. If it is lost, every call fails at once or after a short timeout, with
//!   [`Unavailable`], and the caller goes on without.
//! - All keys begin with [`RedisOptions::prefix`].
//! - The keys of the journal and of the members never expire. So Redis may evict only keys with an expiry
//!   (`maxmemory-policy volatile-lru` or similar).
//!
//! Tested in `tests/shared_state`, against a real Redis.

mod address;
mod client;
mod error;
mod guesses;
mod journal;
mod limits;
mod link;
mod members;
mod options;
mod positions;
mod rights;
mod values;

pub use address::{InvalidUrl, check_url};
pub use client::Redis;
pub use error::Unavailable;
pub use guesses::{Allowance, GuessKeys, GuessTaken, SharedGuesses};
pub use journal::{EntryId, Following, Journal, JournalListener};
pub use limits::{SharedLimits, Taken};
pub use members::{Members, Membership};
pub use options::{RedisObserver, RedisOptions};
pub use positions::UserPositions;
pub use values::SharedValues;
