//! The ports of the social context.

#![warn(missing_docs)]

mod follows;

pub use follows::*;
