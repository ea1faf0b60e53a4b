//! What every handler shares: how requests are read and answers are written.

pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod cursor;
pub(crate) mod encoded;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod links;
pub(crate) mod paging;
pub(crate) mod paths;
pub(crate) mod preconditions;
pub(crate) mod problem;
pub(crate) mod refusal;
pub(crate) mod reply;
pub(crate) mod settings;
pub(crate) mod surface;
pub(crate) mod targets;
pub(crate) mod text;
pub(crate) mod trace;
