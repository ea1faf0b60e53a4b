//! PostgreSQL for tests.
//!
//! To make a database takes PostgreSQL a fifth of a second, so most tests borrow one that is kept ([`Lease`]); those
//! that want one without tables get a new one ([`OwnDatabase`]).

mod lease;
mod own;
mod server;

pub(super) use lease::Lease;
pub(super) use own::OwnDatabase;
