//! What is known of changes: the log that every instance follows, and when each tag was last changed.

pub(crate) mod log;
pub(crate) mod session;
pub(crate) mod stamp;
pub(crate) mod tag;
pub(crate) mod tags;
pub(crate) mod version;
