//! Facts: what a write changed, and the port through which they are published.
//!
//! A write states once what it really changed, as [`Fact`]s made in its transaction. Everything else follows from
//! them: which cache entries are invalidated, and what is counted.
//!
//! Repositories make facts. The database engine passes them to a [`FactListener`] at the commit, through a
//! [`Publication`].

#![warn(missing_docs)]

mod fact;
mod listener;
mod publication;

pub use fact::{Fact, Liked};
pub use listener::FactListener;
pub use publication::{Effect, Publication};
