//! What keeps a part that fails from taking the rest along, and many who ask at once from asking one by one. Every adapter
//! that calls a server may use it.

mod circuit_breaker;
mod coalescer;

pub use circuit_breaker::{BreakerOptions, CircuitBreaker, Permit, State};
pub use coalescer::{Coalesce, Coalescer, CoalescerOptions, NotCoalesced};
