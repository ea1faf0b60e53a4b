//! Facts: what a write changed, the port through which they are published, and their form in the log.
//!
//! A write states once what it really changed, as [`Fact`]s made in its transaction. Everything else follows from
//! them: which cache entries are invalidated, what is counted, and what the log of events says.
//!
//! Repositories make facts. The database engine stores them in the log of events, as [`encode`] writes them. At the
//! commit it passes them to a [`FactListener`], through a [`Publication`].

#![warn(missing_docs)]

mod encoding;
mod fact;
mod listener;
mod publication;

pub use encoding::encode;
pub use fact::{Fact, Liked};
pub use listener::FactListener;
pub use publication::{Effect, Publication};
