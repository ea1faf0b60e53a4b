//! What is published: the changes that follow from facts, told to all instances before the write is answered; and what is made up
//! for when that fails.

pub(crate) mod announce;
pub(crate) mod change;
pub(crate) mod debt;
pub(crate) mod doubts;
