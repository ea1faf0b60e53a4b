//! From variables to settings.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use accounts::SessionLifetimes;
use database::Location;
use security::{SigningKey, SigningKeys};

use super::problem::{Problem, SettingsError};
use super::reader::Reader;
use super::source::with_variables_of_process;
use super::variables::DEFAULT_DATABASE;
use super::{
    DatabaseSettings, Environment, LogFormat, LogSettings, MetricsAccess, MigrationSettings, Settings, Surroundings,
    parse,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Shortest time limit: long enough for something to be answered.
const INSTANT: Duration = Duration::from_millis(1);

impl Settings {
    /// The settings of this process: from its environment, and what that does not say from `.env` in the working
    /// directory.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong.
    pub fn load() -> Result<Self, SettingsError> {
        with_variables_of_process(|source| Self::read(source, Surroundings::detect()))
    }

    /// What is possible and seldom meant; none of it keeps the server from starting.
    pub fn warnings(&self) -> Vec<Problem> {
        let is_default = Location::parse(DEFAULT_DATABASE).is_ok_and(|default| default == self.database.location);
        if self.environment != Environment::Production || !is_default {
            return Vec::new();
        }
        let explanation = format!(
            "is not set, or is the default, {DEFAULT_DATABASE}: everything is kept in a file below the working directory. \
             In production set it, be it to a path that begins with /"
        );
        vec![Problem::new("DATABASE_URL", explanation)]
    }

    /// The settings that `source` gives, which answers the value of the variable of a name.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong.
    pub fn read(source: &dyn Fn(&str) -> Option<String>, surroundings: Surroundings) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(source);
        let settings = settings(&mut reader, surroundings);
        reader.finish(settings)
    }
}

impl MigrationSettings {
    /// Those of this process. What only a server needs is not looked at, the signing key among it.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong.
    pub fn load() -> Result<Self, SettingsError> {
        with_variables_of_process(|source| Self::read(source, Surroundings::detect()))
    }

    fn read(source: &dyn Fn(&str) -> Option<String>, surroundings: Surroundings) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(source);
        let location = reader.value("DATABASE_URL", parse::database_url);
        let log = log(&mut reader, surroundings);
        let settings = location.zip(log).map(|(location, log)| Self { location, log });
        reader.finish(settings)
    }
}

/// Where a server of this configuration listens (`HOST`, `PORT`); nothing else is looked at.
///
/// # Errors
/// [`SettingsError`] when either is of no use.
pub fn load_address() -> Result<SocketAddr, SettingsError> {
    with_variables_of_process(|source| {
        let mut reader = Reader::new(source);
        let address = host(&mut reader).zip(port(&mut reader)).map(SocketAddr::from);
        reader.finish(address)
    })
}

fn host(reader: &mut Reader<'_>) -> Option<IpAddr> {
    reader.value("HOST", parse::address)
}

fn port(reader: &mut Reader<'_>) -> Option<u16> {
    reader.value("PORT", parse::whole(0..=u16::MAX))
}

/// Reads everything before it gives up on anything, so that all problems are noted.
fn settings(reader: &mut Reader<'_>, surroundings: Surroundings) -> Option<Settings> {
    let environments = [("development", Environment::Development), ("production", Environment::Production)];
    let environment = reader.value("APP_ENV", parse::one_of(&environments));
    let in_production = environment == Some(Environment::Production);

    let host = host(reader);
    let port = port(reader);
    let workers = reader.optional("WORKERS", parse::whole(1..=1024_usize)).and_then(NonZeroUsize::new);
    let database = database(reader, in_production);
    let redis_url = reader.optional("REDIS_URL", parse::redis_url);
    let cache_ttl = reader.value("CACHE_TTL", parse::duration(Duration::ZERO..=DAY));
    let signing_keys = signing_keys(reader, in_production);
    let access = reader.value("ACCESS_TOKEN_TTL", parse::duration(SECOND..=DAY));
    let refresh = reader.value("REFRESH_TOKEN_TTL", parse::duration(SECOND..=365 * DAY));
    let grace = reader.value("REFRESH_GRACE", parse::duration(Duration::ZERO..=10 * MINUTE));
    let session = reader.value("SESSION_TTL", parse::duration(SECOND..=3650 * DAY));
    let rate_limit = reader.value("RATE_LIMIT", parse::one_of(&[("on", true), ("off", false)]));
    let trusted_proxies = reader.list("TRUSTED_PROXIES", parse::network);
    let cors_allowed_origins = reader.list("CORS_ALLOWED_ORIGINS", parse::origin);
    let base_path = reader.optional("BASE_PATH", parse::base_path).unwrap_or_default();
    let request_timeout = reader.value("REQUEST_TIMEOUT", parse::duration(INSTANT..=10 * MINUTE));
    let shutdown_timeout = reader.value("SHUTDOWN_TIMEOUT", parse::duration(INSTANT..=10 * MINUTE));
    let metrics = metrics(reader, port);
    let log = log(reader, surroundings);
    let trace_collector = reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", parse::collector);

    Some(Settings {
        environment: environment?,
        host: host?,
        port: port?,
        workers: workers.unwrap_or(surroundings.cores),
        database: database?,
        redis_url,
        cache_ttl: cache_ttl?,
        signing_keys,
        lifetimes: SessionLifetimes { access: access?, refresh: refresh?, grace: grace?, session: session? },
        rate_limit: rate_limit?,
        trusted_proxies,
        cors_allowed_origins,
        base_path,
        request_timeout: request_timeout?,
        shutdown_timeout: shutdown_timeout?,
        metrics,
        log: log?,
        trace_collector,
    })
}

fn database(reader: &mut Reader<'_>, in_production: bool) -> Option<DatabaseSettings> {
    let location = reader.value("DATABASE_URL", parse::database_url);
    let replicas = reader.list("DATABASE_REPLICA_URLS", parse::replica_url);
    if !replicas.is_empty() && location.as_ref().is_some_and(Location::is_embedded) {
        let problem = "is set, but DATABASE_URL is SQLite, which has no replicas; expected PostgreSQL for both";
        reader.note(Problem::new("DATABASE_REPLICA_URLS", problem));
    }
    let max_connections = reader.value("DATABASE_MAX_CONNECTIONS", parse::whole(1..=10_000_u32));
    let migrate = reader.optional("DATABASE_MIGRATE", parse::one_of(&[("true", true), ("false", false)]));
    Some(DatabaseSettings {
        location: location?,
        replicas,
        max_connections: max_connections?,
        migrate: migrate.unwrap_or(!in_production),
    })
}

fn signing_keys(reader: &mut Reader<'_>, in_production: bool) -> Option<SigningKeys> {
    if in_production && !reader.is_set("SIGNING_KEY") {
        reader.note(Problem::unset(
            "SIGNING_KEY",
            "production needs a secret of at least 32 bytes that is the same on every instance. \
             Make one with `openssl rand -hex 32`",
        ));
    }
    let keys = reader.optional("SIGNING_KEY", parse::signing_keys)?;
    if in_production && keys.iter().any(SigningKey::is_monotonous) {
        reader.note(Problem::bad_secret(
            "SIGNING_KEY",
            "keys that nobody guesses, not the same few characters again and again; make one with `openssl rand -hex 32`",
        ));
    }
    Some(keys)
}

fn metrics(reader: &mut Reader<'_>, server_port: Option<u16>) -> MetricsAccess {
    let port = reader.optional("METRICS_PORT", parse::whole(0..=u16::MAX));
    let user = reader.optional("METRICS_USER", parse::user_name);
    let password = reader.optional("METRICS_PASSWORD", parse::password);
    if port.is_some_and(|port| port != 0) && port == server_port {
        reader.note(Problem::new("METRICS_PORT", "is the same as PORT; expected a port of its own"));
    }
    match ["METRICS_PORT", "METRICS_USER", "METRICS_PASSWORD"].map(|name| reader.is_set(name)) {
        [true | false, false, false] | [false, true, true] => {}
        [true, _, _] => {
            let both = "is set, and so is METRICS_USER or METRICS_PASSWORD; expected one way to serve metrics, not two";
            reader.note(Problem::new("METRICS_PORT", both));
        }
        [false, true, false] => reader.note(Problem::unset("METRICS_PASSWORD", "METRICS_USER is, and needs it")),
        [false, false, true] => reader.note(Problem::unset("METRICS_USER", "METRICS_PASSWORD is, and needs it")),
    }
    match (port, user, password) {
        (Some(port), _, _) => MetricsAccess::Port(port),
        (None, Some(user), Some(password)) => MetricsAccess::BasicAuth { user, password },
        (None, _, _) => MetricsAccess::Loopback,
    }
}

fn log(reader: &mut Reader<'_>, surroundings: Surroundings) -> Option<LogSettings> {
    let formats = [("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
    let format = reader.optional("LOG_FORMAT", parse::one_of(&formats));
    let fitting = if surroundings.on_terminal { LogFormat::Pretty } else { LogFormat::Json };
    let directives = reader.value("RUST_LOG", parse::directives);
    Some(LogSettings { format: format.unwrap_or(fitting), directives: directives? })
}

#[cfg(test)]
mod tests;
