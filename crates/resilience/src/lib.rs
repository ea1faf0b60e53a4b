//! Building blocks for resilience, used by shells and adapters. They implement no port.
//!
//! - [`Budgets`]: rate limits for many keys, in bounded memory.
//! - [`CircuitBreaker`]: stops calls to a failing server for a while.
//! - [`Coalescer`]: batches concurrent work.
//! - [`Gate`]: bounds concurrency, with a fair queue and load shedding. [`caller`] identifies whom a request is for.

mod budgets;
pub mod caller;
mod circuit_breaker;
mod coalescer;
mod gate;

pub use budgets::{Allowance, Budgets, Taken};
pub use caller::Caller;
pub use circuit_breaker::{BreakerOptions, CircuitBreaker, Permit, State};
pub use coalescer::{Coalesce, Coalescer, CoalescerOptions, NotCoalesced};
pub use gate::{Admitted, Gate, GateOptions, Overloaded};
