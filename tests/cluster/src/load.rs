//! Steady traffic of many virtual users, and the outcome of each request.

mod actor;
mod board;
mod judge;
mod ledger;
mod period;
mod sample;
mod stored;

pub(crate) use actor::Manner;
pub(crate) use ledger::Changes;
pub(crate) use period::{Load, Period};
pub(crate) use sample::{Kind, Outcome, Sample};
pub(crate) use stored::Pair;
