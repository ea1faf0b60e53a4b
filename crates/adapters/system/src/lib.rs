//! What the operating system gives: the time, and chance for identifiers.

mod clock;
mod ids;

pub use clock::SystemClock;
pub use ids::CuidGenerator;
