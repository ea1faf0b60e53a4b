//! Code that `xtask` and `cluster-test` share: running other programs in a checkout, and cleaning up on interruption.

mod interrupt;
pub mod process;
mod root;

pub use interrupt::Interrupt;
pub use root::root;
