//! Received changes: the log that every instance follows, and the latest change of each tag.

pub(crate) mod log;
pub(crate) mod session;
pub(crate) mod stamp;
pub(crate) mod tag;
pub(crate) mod tags;
pub(crate) mod version;
