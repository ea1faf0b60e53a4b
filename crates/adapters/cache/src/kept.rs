//! Cache entries: in the process and shared, how a read finds a valid one, and how one is loaded.

pub(crate) mod codec;
pub(crate) mod entry;
pub(crate) mod key;
pub(crate) mod local;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod shared;
pub(crate) mod single_flight;
