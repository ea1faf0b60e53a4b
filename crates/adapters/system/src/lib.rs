//! Adapters for the operating system: the clock, and random ids.

mod clock;
mod ids;

pub use clock::SystemClock;
pub use ids::CuidGenerator;
