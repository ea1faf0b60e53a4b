//! What an operator decides: variables of the environment, read once at the start into one typed value.
//!
//! [`VARIABLES`] says what there is. Everything wrong is found at once, so that nobody mends one variable at a time.

mod dot_env;
mod parse;
mod problem;
mod read;
mod reader;
mod source;
mod unknown;
mod variables;

use std::fmt;
use std::io::{self, IsTerminal};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use accounts::SessionLifetimes;
use database::Location;
use ipnet::IpNet;
use secrecy::SecretString;
use security::SigningKeys;
use url::Url;

pub use problem::{Problem, SettingsError};
pub use read::load_address;
pub use unknown::unknown_variables;
pub use variables::{Fallback, VARIABLES, Variable, env_example, variables_help};

/// What an operator decides. Secrets do not show themselves in `Debug`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the server is run for (`APP_ENV`).
    pub environment: Environment,
    /// The address to listen at (`HOST`).
    pub host: IpAddr,
    /// The port to listen at (`PORT`); 0 is any that is free.
    pub port: u16,
    /// How many threads answer requests (`WORKERS`).
    pub workers: NonZeroUsize,
    /// Where everything is kept (`DATABASE_*`).
    pub database: DatabaseSettings,
    /// What instances share (`REDIS_URL`); without it this one shares nothing but the database.
    pub redis_url: Option<SecretString>,
    /// How long what was read is kept (`CACHE_TTL`); zero is not at all.
    pub cache_ttl: Duration,
    /// The secrets of all instances (`SIGNING_KEY`); `None` only in development, where the server makes one and keeps it.
    pub signing_keys: Option<SigningKeys>,
    /// How long tokens and sessions are good (`ACCESS_TOKEN_TTL`, `REFRESH_TOKEN_TTL`, `REFRESH_GRACE`, `SESSION_TTL`).
    pub lifetimes: SessionLifetimes,
    /// Whether clients that ask too often are turned away (`RATE_LIMIT`).
    pub rate_limit: bool,
    /// Whose `X-Forwarded-For` is believed (`TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// The origins that browsers may call from, as browsers write them (`CORS_ALLOWED_ORIGINS`).
    pub cors_allowed_origins: Vec<String>,
    /// The path that a gateway strips from addresses: empty, or beginning and not ending with `/` (`BASE_PATH`).
    pub base_path: String,
    /// After how long a request is given up (`REQUEST_TIMEOUT`).
    pub request_timeout: Duration,
    /// How long the server waits for requests under way when it stops (`SHUTDOWN_TIMEOUT`).
    pub shutdown_timeout: Duration,
    /// Where and to whom metrics are shown (`METRICS_*`).
    pub metrics: MetricsAccess,
    /// What is logged, and how (`LOG_FORMAT`, `RUST_LOG`).
    pub log: LogSettings,
    /// The collector that traces are sent to (`OTEL_EXPORTER_OTLP_ENDPOINT`).
    pub trace_collector: Option<Url>,
}

/// What it takes to bring the schema up to date.
#[derive(Debug, Clone)]
pub struct MigrationSettings {
    /// The database (`DATABASE_URL`).
    pub location: Location,
    /// What is logged, and how (`LOG_FORMAT`, `RUST_LOG`).
    pub log: LogSettings,
}

/// What the server is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A laptop: what is not set is made up.
    Development,
    /// Strangers: every secret must be set.
    Production,
}

/// Where everything is kept.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// Where it is (`DATABASE_URL`); does not show the password that it may carry.
    pub location: Location,
    /// Where it is read from as well (`DATABASE_REPLICA_URLS`); all are PostgreSQL, and so is `location` if there is one.
    pub replicas: Vec<Location>,
    /// Most connections that this instance opens to each of them.
    pub max_connections: u32,
    /// Whether migrations are applied at the start.
    pub migrate: bool,
}

/// Where and to whom metrics are shown.
#[derive(Debug, Clone)]
pub enum MetricsAccess {
    /// At the server's own port, to callers on this machine only.
    Loopback,
    /// At a port of their own, to everybody who reaches it; 0 is any that is free.
    Port(u16),
    /// At the server's own port, to whoever knows the password.
    BasicAuth {
        /// The name to give; has no colon.
        user: String,
        /// The password to give.
        password: SecretString,
    },
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// For whom.
    pub format: LogFormat,
    /// What is worth a line, as directives of `tracing_subscriber::EnvFilter`; known to be well formed.
    pub directives: String,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// What some defaults depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// How many cores the process may use.
    pub cores: NonZeroUsize,
    /// Whether somebody looks at the log as it is written.
    pub on_terminal: bool,
}

impl Surroundings {
    /// Those of this process.
    pub fn detect() -> Self {
        Self {
            cores: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            on_terminal: io::stderr().is_terminal(),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}
