//! `cargo xtask cluster-test`: drives the whole system with traffic while parts of it are killed.
//!
//! [`stack`] starts the compose stack under a name of its own and breaks its parts. [`cases`] are the checks, each with
//! its figures. [`load`] is the traffic, and the ledger of acknowledged writes.

mod cases;
mod cluster;
mod figures;
mod guide;
mod http;
mod load;
mod metrics;
mod ports;
mod sql;
mod stack;
mod table;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum as _};
use toolkit::Interrupt;

use cases::Case;
use cluster::Cluster;
use stack::{Profile, Stack};
use table::Table;
use verdict::Verdict;

/// The most runs of a case that fails by time alone.
const TRIES: usize = 2;

/// Runs the whole system in containers and checks it while parts of it fail (needs a Docker engine)
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask cluster-test")]
struct Args {
    /// Run only this case; may be repeated
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<Case>,
    /// How the image is built
    #[arg(long, value_enum, default_value_t = Profile::Quick)]
    profile: Profile,
    /// Use the image of an earlier run
    #[arg(long)]
    no_build: bool,
    /// Leave the stack running at the end
    #[arg(long)]
    keep: bool,
    /// A further compose file, to test a modified stack; may be repeated
    #[arg(long = "compose-file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the cases, prints their table and removes the stack, also on errors and Ctrl-C.
async fn run(args: &Args) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut stack = Stack::new(args.profile, &args.files);
    let mut table = Table::default();
    let outcome = interrupt.guard(Box::pin(work(args, &mut stack, &mut table))).await;
    stack.settled().await;
    table.print();
    let written = table.write().map(|path| eprintln!("written to {}", path.display()));
    let outcome = outcome.and(passed(table.failures())).and(written);
    if outcome.is_err() && interrupt.check().is_ok() {
        stack.print_logs().await;
    }
    let cleared = if args.keep {
        eprintln!("left running: {}", stack.shown());
        Ok(())
    } else {
        stack.down().await.context("the stack cannot be removed")
    };
    first_of(outcome, cleared)
}

fn passed(failures: usize) -> Result<()> {
    match failures {
        0 => Ok(()),
        1 => bail!("a case failed"),
        failures => bail!("{failures} cases failed"),
    }
}

/// Returns the first of two errors, which says more; the second is printed.
fn first_of(outcome: Result<()>, cleared: Result<()>) -> Result<()> {
    if let (Err(_), Err(error)) = (&outcome, &cleared) {
        eprintln!("{error:#}");
    }
    outcome.and(cleared)
}

async fn work(args: &Args, stack: &mut Stack, table: &mut Table) -> Result<()> {
    // Data of an earlier run would distort the results.
    stack.down().await?;
    if !args.no_build {
        eprintln!("── building the image");
        stack.build().await.context("the image cannot be built")?;
    }
    eprintln!("── starting the stack");
    stack.up().await.context("the stack does not start")?;
    let cluster = Cluster::new(stack)?;
    for case in Case::value_variants().iter().copied() {
        if !args.cases.is_empty() && !args.cases.contains(&case) {
            continue;
        }
        for number in 1..=TRIES {
            let began = Instant::now();
            eprintln!("\n── {}: {}", case.name(), case.title());
            let mut verdict = match Box::pin(case.run(&cluster)).await {
                Ok(verdict) => verdict,
                Err(error) => Verdict::broken(&error),
            };
            verdict.print();
            // A busy machine may have spoilt the measurement.
            let again = verdict.failed_by_time_alone() && number < TRIES;
            if again {
                eprintln!("   time alone failed in try {number} of {TRIES}");
            } else {
                if number > 1 {
                    verdict.figure("run again, because time alone had failed");
                }
                table.add(case.name(), case.title(), began.elapsed(), verdict);
            }
            cluster.mend().await.with_context(|| format!("the stack does not recover from {}", case.name()))?;
            if !again {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::first_of;

    #[test]
    fn the_first_error_is_returned() {
        let said = |outcome, cleared| first_of(outcome, cleared).map_err(|error| error.to_string());
        assert_eq!(said(Err(anyhow!("work")), Err(anyhow!("down"))), Err("work".to_owned()));
        assert_eq!(said(Err(anyhow!("work")), Ok(())), Err("work".to_owned()));
        assert_eq!(said(Ok(()), Err(anyhow!("down"))), Err("down".to_owned()));
        assert_eq!(said(Ok(()), Ok(())), Ok(()));
    }
}
