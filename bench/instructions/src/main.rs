//! Does one piece of the server's work so many times, and nothing else.
//!
//! `cargo xtask instructions` runs it under callgrind with two numbers of times: what the second run takes more is what
//! the work takes, without the start. So there is nothing to measure with in here.

// Every middleware nests the type of the service inside it.
#![recursion_limit = "256"]

mod answers;
mod requests;
mod samples;
mod service;
mod stubs;
mod work;

use std::process::ExitCode;

use clap::{Parser, ValueEnum as _};

use work::Work;

/// That of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does work whose instructions are to be counted.
#[derive(Parser)]
#[command(name = "instructions", version)]
enum Cli {
    /// Print the names of all work
    List,
    /// Do it
    Run {
        /// Which
        work: Work,
        /// How often
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
        Cli::Run { work, times } => work.run(times),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error:#}");
            ExitCode::FAILURE
        }
    }
}
