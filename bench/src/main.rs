//! The command line of the benchmarks.

use std::process::ExitCode;

use bench::options::{Bare, Options};
use clap::Parser;

/// The allocator of the server, so that the bare handler uses the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server. Usually called by `cargo xtask bench`, which supplies all options.
#[derive(Parser)]
#[command(name = "bench", version)]
enum Cli {
    /// Measure, print the tables and write the report
    Run(Box<Options>),
    /// Answer every request with the same bytes, as fast as actix-web can
    Bare(Bare),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse() {
        Cli::Run(options) => measure(*options),
        Cli::Bare(bare) => bench::bare::serve(&bare),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: Options) -> anyhow::Result<()> {
    let options = options.with_addresses()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench::run::run(&options))
}
