//! `cargo run -p seed`: fills the database.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use domain::Clock as _;
use persistence::{Database, DatabaseOptions};
use security::HashingCost;
use seed::arguments::Arguments;
use seed::closing::Closing;
use seed::{Order, Report, consent, fill, target};
use system::SystemClock;

/// How long to wait for the database to be there.
const CONNECT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(report) => {
            println!("\n{}", Closing(&report));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("seed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let location = target::target(env::var("DATABASE_URL").ok(), Path::new("."))?;
    if arguments.reset {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        consent::obtain(&location, arguments.yes, is_terminal, &mut io::stdin().lock(), &mut io::stderr())?;
    }
    eprintln!("Filling {location}");
    let options = DatabaseOptions {
        max_connections: 4,
        acquire_timeout: CONNECT,
        statement_timeout: None,
        ..DatabaseOptions::new(location)
    };
    let database = Database::connect(&options).await?;
    let order = Order {
        numbers: arguments.numbers(),
        random_seed: arguments.random_seed,
        reset: arguments.reset,
        now: SystemClock.now(),
        hashing: HashingCost::OWASP,
        quiet: false,
    };
    let report = fill(&database, &order).await?;
    database.close().await?;
    Ok(report)
}
