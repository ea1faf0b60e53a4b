//! Publishing: changes are derived from facts and published to all instances before the response to the write. Failed
//! publications are repaired.

pub(crate) mod announce;
pub(crate) mod change;
pub(crate) mod debt;
pub(crate) mod doubts;
