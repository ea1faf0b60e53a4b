//! Runs one piece of the server's work a given number of times.
//!
//! `cargo xtask instructions` runs it under callgrind with two numbers of repetitions. The difference is the cost of
//! the work without the start-up. So this program measures nothing itself.

// Every middleware nests the type of the service inside it.
#![recursion_limit = "256"]

mod answers;
mod requests;
mod run;
mod samples;
mod service;
mod stubs;
mod work;

use std::process::ExitCode;

use clap::{Parser, ValueEnum as _};

use work::Work;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does work whose instructions are counted
#[derive(Parser)]
#[command(name = "instructions", version)]
enum Cli {
    /// Print the names of all work
    List,
    /// Run one piece of work
    Run {
        /// Name of the work
        work: Work,
        /// Number of repetitions
        times: u32,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse() {
        Cli::List => {
            for work in Work::value_variants() {
                println!("{}", work.name());
            }
            Ok(())
        }
        Cli::Run { work, times } => run::run(work, times),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error:#}");
            ExitCode::FAILURE
        }
    }
}
