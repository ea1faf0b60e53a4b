//! `cargo xtask check-clients`: checks that the OpenAPI document works for client generators.
//!
//! Linters check the document. Clients in TypeScript and Rust are generated from it, and run the README's tour on a
//! server that was just built. Their sources are in `tests/clients`.

mod rust;
mod server;
mod typescript;

use anyhow::Result;
use toolkit::Interrupt;

use crate::report::Report;
use crate::test;
use server::Server;
use typescript::TypeScript;

/// Runs all steps; the first failure ends the run.
pub(crate) async fn run() -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut report = Report::default();
    let outcome = steps(&mut report, &interrupt).await;
    report.print();
    outcome
}

async fn steps(report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    // The same build as `cargo xtask test`, so that nothing is built twice.
    let program = report.step("build", test::build(interrupt)).await?;
    let typescript = report.step("find Node's packages", TypeScript::prepare(&program, interrupt)).await?;
    report.step("lint openapi.json", typescript.run("lint", &[], interrupt)).await?;
    report.step("generate the TypeScript client", typescript.run("generate", &[], interrupt)).await?;
    report.step("compile the TypeScript client", typescript.run("compile", &[], interrupt)).await?;
    let client = report.step("generate and compile the Rust client", rust::build(interrupt)).await?;
    let server = report.step("start the server", interrupt.guard(Server::start(&program))).await?;
    let base = [("BASE", server.base())];
    report.step("the tour in TypeScript", typescript.run("tour", &base, interrupt)).await?;
    report.step("what /docs does", typescript.run("docs", &base, interrupt)).await?;
    report.step("the tour in Rust", rust::run(client, &base, interrupt)).await
}
