//! What must be true whatever happens at once, and what it may cost.

mod budgets;
mod one_name;
mod walks;
mod writers;
