//! What several instances share through Redis: rate limits, bounds of guessing, positions to read one's own writes from, the journal of
//! changes, who is alive, and copies of values.
//!
//! All that speaks Redis is here. Nothing in it is the only copy of anything: Redis may be lost, and every call then
//! fails at once, or after a short while, with [`Unavailable`]; the caller does without.
//!
//! All keys begin with [`RedisOptions::prefix`]. Those of the journal and of the members never expire: a Redis that
//! evicts must evict keys with an expiry only (`maxmemory-policy volatile-lru` or the like).

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
