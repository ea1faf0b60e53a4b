//! The command line of the server.

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thoughts::event_log::{self, EventsError, Tail};
use thoughts::settings::{Settings, SettingsError, env_example, load_address, unknown_variables, variables_help};
use thoughts::signals::Signals;
use thoughts::telemetry::{self, LostLines, metrics};
use thoughts::{Overrides, health_check};

/// A response costs a fifth less than with the system's allocator, and memory is returned to the system.
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
    /// Show the log of what happened, or renew its epoch. Uses the database only.
    Events {
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Print an example of a .env file with every variable.
    EnvExample,
}

#[derive(Subcommand)]
enum EventsCommand {
    /// Print entries of the log, one JSON object a line, and go on with new ones.
    Tail {
        /// Begin after this position, instead of with the last ten entries.
        #[arg(long, value_name = "POSITION")]
        after: Option<u64>,
        /// Stop at the newest entry.
        #[arg(long)]
        no_follow: bool,
    },
    /// Print the epoch, the oldest and the newest position, and how many transactions wait for theirs.
    Lag,
    /// Begin a new epoch, and print it. To be used after a backup was restored or a replica was promoted. Positions of
    /// the epoch before are then invalid, and every `tail` ends.
    Renew,
}

/// The exit code for an invalid configuration.
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
        Command::Serve => with_settings(Settings::load(), serve),
        Command::Events { command } => events(&command),
        Command::Migrate => with_settings(Settings::load_for_database(), migrate),
    }
}

fn print_openapi() -> ExitCode {
    match serde_json::to_string_pretty(&api::openapi::document()) {
        Ok(document) => print(&format!("{document}\n")),
        Err(error) => fail(&error),
    }
}

/// Writes to standard output. A reader that closes the pipe early, as `head` does, is not an error.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&error),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints the health report of the server. The exit code is 0 or 1, because container health checks allow no other.
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

/// Prints the findings, one per line.
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

/// Runs a command on the log of events. Its output goes to standard output, and everything else to standard error.
fn events(command: &EventsCommand) -> ExitCode {
    let location = match Settings::load_for_database() {
        Ok(settings) => settings.database_url,
        Err(error) => return bad_configuration(&error),
    };
    let run = async {
        let text = match *command {
            EventsCommand::Tail { after, no_follow } => {
                let tail = Tail { after, follow: !no_follow };
                return event_log::tail(location, tail, &mut io::stdout()).await.map(|()| String::new());
            }
            EventsCommand::Lag => event_log::lag(location).await?,
            EventsCommand::Renew => format!("{}\n", event_log::renew(location).await?),
        };
        Ok::<_, EventsError>(text)
    };
    match actix_web::rt::System::new().block_on(run) {
        Ok(text) => print(&text),
        Err(error) => fail(&error),
    }
}

/// Prints the problems of the configuration, and unknown variables, which may be their cause.
fn bad_configuration(error: &SettingsError) -> ExitCode {
    eprintln!("{error}");
    for unknown in unknown_variables() {
        eprintln!("warning: {unknown}");
    }
    ExitCode::from(BAD_CONFIGURATION)
}

fn with_settings<F>(settings: Result<Settings, SettingsError>, run: impl FnOnce(Settings, LostLines) -> F) -> ExitCode
where
    F: Future<Output = Result<(), thoughts::StartError>>,
{
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return bad_configuration(&error),
    };
    let telemetry = match telemetry::init(&settings) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    for unknown in unknown_variables() {
        tracing::warn!("{unknown}");
    }
    let outcome = actix_web::rt::System::new().block_on(run(settings, telemetry.lost_lines()));
    // Flush the log before the final error message.
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

async fn migrate(settings: Settings, _: LostLines) -> Result<(), thoughts::StartError> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        migrated = thoughts::migrate(settings.database_url) => migrated,
        // Dropping the migration rolls it back.
        () = signals.received() => Err(io::Error::new(io::ErrorKind::Interrupted, "told to stop").into()),
    }
}

/// Prints an error with its causes.
fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
