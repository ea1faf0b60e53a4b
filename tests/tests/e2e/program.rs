//! The executable `thoughts`, from the outside.

mod check;
mod command_line;
mod crash;
mod events;
mod process;
mod secrets;
mod security_events;
#[cfg(target_os = "linux")]
mod storage;
mod telemetry;
mod unknown;
mod unreached;
