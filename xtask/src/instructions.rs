//! `cargo xtask instructions`: counts the instructions of the server's work and compares them with budgets.

mod budgets;
mod callgrind;
mod comparison;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use crate::executables::Executables;
use crate::install::{self, Packages, Software};
use crate::report::Report;
use budgets::{Budgets, Origin};
use callgrind::Callgrind;
use comparison::Comparison;

/// The budgets, relative to the root.
const BUDGETS: &str = "bench/instructions/budgets.json";

const VALGRIND: Software = Software {
    name: "Valgrind",
    packages: Packages { apt: "valgrind", dnf: "valgrind", apk: "valgrind", brew: "valgrind" },
    otherwise: "put `valgrind` on the PATH",
};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Write the counts as the new budgets
    #[arg(long)]
    update: bool,
}

/// Builds the work, counts its instructions, and compares them with the budgets or updates these.
pub(crate) async fn run(args: Args) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut report = Report::default();
    let outcome = steps(args, &mut report, &interrupt).await;
    report.print();
    outcome
}

async fn steps(args: Args, report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    let valgrind = report.step("find Valgrind", install::program("valgrind", &VALGRIND, interrupt)).await?;
    let build = Executables::build(&["--profile=quick", "--package=instructions"], interrupt);
    let program = report.step("build", build).await?.path("instructions")?;
    let callgrind = Callgrind::new(valgrind, program)?;
    let counts = report.step("count", counts(&callgrind, interrupt)).await?;
    report.step("compare", judge(args, counts, interrupt)).await
}

async fn counts(callgrind: &Callgrind, interrupt: &Interrupt) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for work in callgrind.works(interrupt).await? {
        let count = callgrind.count(&work, interrupt).await.with_context(|| format!("cannot count `{work}`"))?;
        counts.insert(work, count);
    }
    Ok(counts)
}

async fn judge(args: Args, counts: BTreeMap<String, u64>, interrupt: &Interrupt) -> Result<()> {
    let path = root().join(BUDGETS);
    let here = Origin { machine: std::env::consts::ARCH.to_owned(), rustc: rustc(interrupt).await? };
    let budgets = if args.update && !path.exists() { Budgets::none(here.clone()) } else { Budgets::read(&path)? };
    let comparison = Comparison::new(&counts, &budgets.instructions);
    println!("{comparison}");
    if args.update {
        return Budgets { origin: here, instructions: counts }.write(&path);
    }
    if budgets.origin.machine != here.machine {
        eprintln!("the budgets are for {}, and this is {}: not judged", budgets.origin.machine, here.machine);
        return Ok(());
    }
    if budgets.origin.rustc != here.rustc {
        eprintln!("the budgets were counted with rustc {}, and this is {}", budgets.origin.rustc, here.rustc);
    }
    comparison.verdict()
}

/// The compiler's version; another one generates other instructions.
async fn rustc(interrupt: &Interrupt) -> Result<String> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.arg("--version").current_dir(root());
    let line = String::from_utf8(process::output(command, interrupt).await?)?;
    line.split_whitespace().nth(1).map(ToOwned::to_owned).context("rustc does not say its version")
}
