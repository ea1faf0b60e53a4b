//! Libraries of the house, for shells and adapters alike; they implement no port.
//!
//! - [`Budgets`]: each of many keys may do something so often.
//! - [`CircuitBreaker`]: a server that fails is left alone for a while.
//! - [`Coalescer`]: work that comes at the same time is done together.
//! - [`Gate`]: what cannot be done at once waits in a fair queue, or is refused; [`caller`] says for whom.

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
