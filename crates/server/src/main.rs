//! The command line of the server.

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thoughts::settings::{
    MigrationSettings, Settings, SettingsError, env_example, load_address, unknown_variables, variables_help,
};
use thoughts::signals::Signals;
use thoughts::telemetry::{self, LostLines, Telemetry, TelemetryError, metrics};
use thoughts::{Overrides, health_check};

/// Takes a fifth off the cost of an answer against the system's own, and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A social feed backend: people post short thoughts, comment, like, follow, and read feeds.
///
/// Without a command it serves. What can be configured is configured by variables of the environment or in a file
/// named .env; see below.
#[derive(Parser)]
#[command(name = "thoughts", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (what happens without a command).
    Serve,
    /// Bring the schema of the database up to date, and stop.
    Migrate,
    /// Say whether the configuration and the servers that it names are right, without serving. Changes nothing.
    Check,
    /// Ask the server on this machine, of the same configuration, whether it can serve.
    Health,
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Print an example of a .env file with every variable.
    EnvExample,
}

/// The configuration cannot be used.
const BAD_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let matches = Cli::command().after_long_help(variables_help()).after_help(variables_help()).get_matches();
    let command = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.command.unwrap_or(Command::Serve),
        Err(error) => error.exit(),
    };
    match command {
        Command::Openapi => print_openapi(),
        Command::EnvExample => print(&env_example()),
        Command::Health => health(),
        Command::Check => check(),
        Command::Serve => {
            let observe = |settings: &Settings| telemetry::init(&settings.log, settings.trace_collector.as_ref());
            with_settings(Settings::load(), observe, serve)
        }
        Command::Migrate => {
            let observe = |settings: &MigrationSettings| telemetry::init(&settings.log, None);
            with_settings(MigrationSettings::load(), observe, |settings, _| migrate(settings))
        }
    }
}

fn print_openapi() -> ExitCode {
    match serde_json::to_string_pretty(&api::openapi::document()) {
        Ok(document) => print(&format!("{document}\n")),
        Err(error) => fail(&error),
    }
}

/// Prints `text`. A closed pipe is no failure: a reader such as `head` has had enough.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&error),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints what the server says of itself. Any exit code but 0 and 1 would puzzle those who ask in a container's name.
fn health() -> ExitCode {
    let address = match load_address() {
        Ok(address) => address,
        Err(error) => return fail(&error),
    };
    match actix_web::rt::System::new().block_on(health_check::ask(address)) {
        Ok(answer) if answer.is_ready() => print(&format!("{answer}\n")),
        Ok(answer) => {
            print(&format!("{answer}\n"));
            ExitCode::FAILURE
        }
        Err(error) => fail(&error),
    }
}

/// Prints what is right and what is not, a line each.
fn check() -> ExitCode {
    let settings = match Settings::load() {
        Ok(settings) => settings,
        Err(error) => return bad_configuration(&error),
    };
    let findings = actix_web::rt::System::new().block_on(thoughts::check(&settings));
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect::<Vec<_>>().concat();
    let printed = print(&lines);
    if findings.iter().any(thoughts::Finding::is_bad) { ExitCode::FAILURE } else { printed }
}

/// Says what is wrong with the configuration, and what may be the cause of it.
fn bad_configuration(error: &SettingsError) -> ExitCode {
    eprintln!("{error}");
    for unknown in unknown_variables() {
        eprintln!("warning: {unknown}");
    }
    ExitCode::from(BAD_CONFIGURATION)
}

fn with_settings<S, F>(
    settings: Result<S, SettingsError>,
    observe: impl FnOnce(&S) -> Result<Telemetry, TelemetryError>,
    run: impl FnOnce(S, LostLines) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), thoughts::StartError>>,
{
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return bad_configuration(&error),
    };
    let telemetry = match observe(&settings) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    for unknown in unknown_variables() {
        tracing::warn!("{unknown}");
    }
    let outcome = actix_web::rt::System::new().block_on(run(settings, telemetry.lost_lines()));
    // What was logged is written before the last word.
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn serve(settings: Settings, lost: LostLines) -> Result<(), thoughts::StartError> {
    let mut signals = Signals::listen()?;
    let metrics = metrics::install(lost)?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    let server = tokio::select! {
        started = thoughts::start(settings, Overrides { metrics, ..Overrides::default() }) => started?,
        () = signals.received() => return Ok(()),
    };
    server.announce();
    server.run_until(&mut signals).await
}

async fn migrate(settings: MigrationSettings) -> Result<(), thoughts::StartError> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        migrated = thoughts::migrate(settings) => migrated,
        // What was begun is rolled back.
        () = signals.received() => Err(io::Error::new(io::ErrorKind::Interrupted, "told to stop").into()),
    }
}

/// Says what went wrong, with everything that caused it.
fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
