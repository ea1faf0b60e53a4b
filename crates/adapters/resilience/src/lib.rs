//! What keeps a part that fails from taking the rest along. Every adapter that calls a server may use it.

mod circuit_breaker;

pub use circuit_breaker::{BreakerOptions, CircuitBreaker, Permit, State};
