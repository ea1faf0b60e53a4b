//! `cargo run -p seed`: fills the database.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use database::{Database, DatabaseOptions, Location};
use domain::Clock as _;
use security::HashingCost;
use seed::arguments::Arguments;
use seed::closing::Closing;
use seed::target::Named;
use seed::{Order, Report, consent, fill, target};
use system::SystemClock;

/// Time limit for connecting to the database.
const CONNECT: Duration = Duration::from_secs(10);

/// Exit code for an invalid configuration.
const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let location = match target::target(Named::by(of_environment), Path::new(".")) {
        Ok(location) => location,
        Err(error) => {
            eprintln!("seed: {error:#}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    match run(&arguments, location).await {
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

/// A value that is not UTF-8 is converted lossily, and then rejected as an address.
fn of_environment(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

async fn run(arguments: &Arguments, location: Location) -> anyhow::Result<Report> {
    if arguments.reset {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        consent::can_be_obtained(&location, arguments.yes, is_terminal)?;
    }
    let options = DatabaseOptions {
        max_connections: 4,
        acquire_timeout: CONNECT,
        statement_timeout: None,
        ..DatabaseOptions::new(location.clone())
    };
    // The location is not shown before it is known to be a database address: it may be a secret.
    let database = Database::connect(&options).await.context("DATABASE_URL cannot be used")?;
    if arguments.reset {
        consent::obtain(&location, arguments.yes, &mut io::stdin().lock(), &mut io::stderr())?;
    }
    eprintln!("Filling {location}");
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
