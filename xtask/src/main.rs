//! The project's chores: `cargo xtask <chore>`.

mod bench;
mod cache;
mod check_chain;
mod check_clients;
mod check_deploy;
mod check_deps;
mod check_prose;
mod checkout;
mod cluster_test;
mod diagrams;
mod executables;
mod fresh;
mod image;
mod install;
mod instructions;
mod new;
mod openapi;
mod port;
mod quotes;
mod report;
mod servers;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// The project's chores.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Chore {
    /// Runs every check and every test suite; finds or starts PostgreSQL and Redis on its own
    Test(test::Args),
    /// Fails on dependencies between crates that the design forbids
    CheckDeps,
    /// Fails on long sentences and unclear words in documents, comments and API descriptions
    CheckProse,
    /// Checks licences, sources and advisories of all dependencies (finds or installs cargo-deny)
    CheckChain,
    /// Lints openapi.json, and runs the README's tour with generated clients in TypeScript and Rust (needs Node.js)
    CheckClients,
    /// Checks the files of the deployment: compose file, gateway, dashboards, alerts (needs a Docker engine)
    CheckDeploy,
    /// Runs the whole system in containers and checks it while parts of it fail (needs a Docker engine)
    ClusterTest(cluster_test::Args),
    /// Measures the server against the limits of this machine; finds or installs all it needs
    Bench(bench::Args),
    /// Counts the instructions of the server's work and fails if they exceed their budgets; finds or installs all it
    /// needs
    Instructions(instructions::Args),
    /// Writes openapi.json and the table of calls in docs/api.md from the code
    Openapi(openapi::Args),
    /// Writes the fixed forms of a use case, connects them, and prints what is left to do
    New(new::Args),
    /// Writes the code blocks of documents that quote a source file
    Quotes(quotes::Args),
    /// Writes and renders the diagrams in assets/ (needs Graphviz)
    Diagrams(diagrams::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Test(args) => test::run(&args).await,
        Chore::CheckDeps => check_deps::run(),
        Chore::CheckProse => check_prose::run(),
        Chore::CheckChain => check_chain::run().await,
        Chore::CheckClients => check_clients::run().await,
        Chore::CheckDeploy => check_deploy::run().await,
        Chore::ClusterTest(args) => cluster_test::run(&args),
        Chore::Bench(args) => bench::run(&args).await,
        Chore::Instructions(args) => instructions::run(args).await,
        Chore::Openapi(args) => openapi::run(args).await,
        Chore::New(args) => new::run(args).await,
        Chore::Quotes(args) => quotes::run(args),
        Chore::Diagrams(args) => diagrams::run(args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
