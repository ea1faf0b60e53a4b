//! `cargo xtask test`: runs every check that a change must pass.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use toolkit::{Interrupt, process};

use crate::executables::Executables;
use crate::report::Report;
use crate::servers::{self, Purpose, Server};
use crate::{check_chain, check_deps, check_prose, diagrams, openapi, quotes};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only the test suites
    #[arg(long, conflicts_with = "only_lints")]
    skip_lints: bool,
    /// Run everything but the test suites; needs no servers
    #[arg(long, conflicts_with = "cargo_test")]
    only_lints: bool,
    /// Passed on to `cargo test`, for instance: -- --package posts -- execute
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    cargo_test: Vec<OsString>,
}

/// Runs all steps; the first failure ends the run.
pub(crate) async fn run(args: &Args) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut report = Report::default();
    let outcome = steps(args, &mut report, &interrupt).await;
    report.print();
    outcome
}

async fn steps(args: &Args, report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    if !args.skip_lints {
        lints(args, report, interrupt).await?;
    } else if !names_packages(&args.cargo_test) {
        // Suites run the server's executable, and `cargo test` does not build it for them.
        report.step("build", build(interrupt)).await?;
    }
    if args.only_lints {
        return Ok(());
    }
    let mut found = Vec::new();
    let outcome = suites(args, &mut found, report, interrupt).await;
    // Always: this command stops what it started.
    for server in found.into_iter().rev() {
        server.stop().await;
    }
    outcome
}

async fn lints(args: &Args, report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    let fmt = process::cargo(["fmt", "--all", "--check"]);
    report.step("format", process::run(fmt, interrupt)).await?;
    report.step("check-deps", async { check_deps::run() }).await?;
    report.step("check-prose", async { check_prose::run() }).await?;
    report.step("quotes", async { quotes::check() }).await?;
    report.step("check-chain", check_chain::check(interrupt)).await?;
    let clippy =
        process::cargo(["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"]);
    report.step("clippy", process::run(clippy, interrupt)).await?;
    let mut docs = process::cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
    // Links to private items help readers of the source.
    docs.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links");
    report.step("docs", process::run(docs, interrupt)).await?;
    // If suites follow, this build serves them too.
    let server = if args.only_lints { None } else { Some(report.step("build", build(interrupt)).await?) };
    report.step("openapi", openapi::check(server.as_deref(), interrupt)).await?;
    report.step("diagrams", interrupt.guard(diagrams::check())).await
}

/// Finds the servers that the suites need and runs the suites. Servers are added to `found` even if a later step
/// fails.
async fn suites(args: &Args, found: &mut Vec<Server>, report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    for service in servers::ALL {
        let name = service.facts().software.name;
        let find = servers::find(service, Purpose::Tests, interrupt);
        found.push(report.step(format!("find {name}"), find).await?);
    }
    for server in found.iter() {
        let step = format!("drop left-over {}", server.facts().leftovers);
        report.step(step, interrupt.guard(server.drop_leftovers())).await?;
    }
    let mut tests = process::cargo(["test", "--all-features", "--no-fail-fast"]);
    if !names_packages(&args.cargo_test) {
        tests.arg("--workspace");
    }
    tests.args(&args.cargo_test).envs(found.iter().map(|server| (server.facts().variable, server.url())));
    let mut outcome = report.step("test suites", process::run(tests, interrupt)).await;
    // A server that this command stops needs no clean-up.
    for server in found.iter().filter(|server| server.is_lent()) {
        let step = format!("drop the tests' {}", server.facts().leftovers);
        outcome = outcome.and(report.step(step, server.drop_leftovers()).await);
    }
    outcome
}

/// Builds everything that the suites need, and returns the path of the server's executable.
pub(crate) async fn build(interrupt: &Interrupt) -> Result<PathBuf> {
    Executables::build(&["--workspace", "--all-targets", "--all-features"], interrupt).await?.path("thoughts")
}

/// Whether the caller chose packages, which `--workspace` would override.
fn names_packages(args: &[OsString]) -> bool {
    args.iter()
        .map_while(|arg| arg.to_str().filter(|arg| *arg != "--"))
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::names_packages;

    fn chosen(line: &str) -> bool {
        names_packages(&line.split_whitespace().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn sees_chosen_packages() {
        assert!(chosen("-p posts") && chosen("--test feed --package=e2e") && chosen("-pposts"));
    }

    #[test]
    fn ignores_arguments_of_the_test_binary() {
        assert!(!chosen("--test feed") && !chosen("") && !chosen("-- -p"));
    }
}
