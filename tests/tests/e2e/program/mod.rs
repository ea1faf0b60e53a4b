//! The executable `thoughts`, from the outside.

mod command_line;
mod crash;
mod process;
mod secrets;
mod telemetry;
