//! What `xtask` and `cluster-test` share: they run other programs in a checkout, and clear up when they are interrupted.

mod interrupt;
pub mod process;
mod root;

pub use interrupt::Interrupt;
pub use root::root;
