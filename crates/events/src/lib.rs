//! What happened: the facts that a write leaves, and who is told of them.
//!
//! A write states what it changed once, as [`Fact`]s, made from what really changed, in its transaction. All else follows from
//! them: which cache entries are invalidated, what is counted. Repositories make facts; the database engine hands them to a
//! [`FactListener`] with the commit, under the guard of a [`Publication`].

#![warn(missing_docs)]

mod fact;
mod listener;
mod publication;

pub use fact::{Fact, Liked};
pub use listener::FactListener;
pub use publication::{Effect, Publication};
