//! Invariants under concurrency, and statement budgets.

mod budgets;
mod one_name;
mod walks;
mod writers;
