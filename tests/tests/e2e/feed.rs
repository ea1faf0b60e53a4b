//! The feeds.

mod timelines;
