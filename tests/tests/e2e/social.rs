//! Follows.

mod follows;
