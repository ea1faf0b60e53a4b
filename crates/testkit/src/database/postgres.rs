//! PostgreSQL for tests.
//!
//! Creating a database takes a fifth of a second, so most tests borrow one that is reused ([`Lease`]). Tests that
//! need one without tables create it ([`OwnDatabase`]).

mod lease;
mod own;
mod server;

pub(super) use lease::Lease;
pub(super) use own::OwnDatabase;
