//! The command line of the server.

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thoughts::settings::{
    LogSettings, MigrationSettings, Settings, SettingsError, env_example, load_address, variables_help,
};
use thoughts::{Overrides, health_check, metrics, telemetry};

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
        Command::Serve => with_settings(Settings::load(), |settings| &settings.log, serve),
        Command::Migrate => with_settings(MigrationSettings::load(), |settings| &settings.log, thoughts::migrate),
    }
}

fn print_openapi() -> ExitCode {
    match serde_json::to_string_pretty(&api::openapi::document()) {
        Ok(document) => print(&format!("{document}\n")),
        Err(error) => fail(&error),
    }
}

/// Writes to whoever listens; somebody who stops listening, as `head` does, has had enough.
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
    match health_check::ask(address) {
        Ok(answer) if answer.is_ready() => print(&format!("{answer}\n")),
        Ok(answer) => {
            print(&format!("{answer}\n"));
            ExitCode::FAILURE
        }
        Err(error) => fail(&error),
    }
}

fn with_settings<S, F>(
    settings: Result<S, SettingsError>,
    log: impl FnOnce(&S) -> &LogSettings,
    run: impl FnOnce(S) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), thoughts::StartError>>,
{
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    if let Err(error) = telemetry::init(log(&settings)) {
        return fail(&error);
    }
    match actix_web::rt::System::new().block_on(run(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn serve(settings: Settings) -> Result<(), thoughts::StartError> {
    let metrics = metrics::install()?;
    let server = thoughts::start(settings, Overrides { metrics, ..Overrides::default() }).await?;
    server.announce();
    server.run_until_signalled().await
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
