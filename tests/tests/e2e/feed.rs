//! Follows and feeds.

mod follows;
mod timelines;
