//! Every variable that the server reads, one row each.
//!
//! A row has two halves. The first is what operators see: name, privacy, default, meaning. The second is the field of
//! [`Settings`] that the variable fills, and the parser. `thoughts --help`, `.env.example`, the reader and the warnings
//! about unknown names all follow from the rows. A test compares `.env.example` with them.

use std::iter;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use database::Location;
use ipnet::IpNet;
use secrecy::SecretString;
use security::SigningKeys;
use url::Url;

use super::Environment::{self, Development, Production};
use super::LogFormat::{self, Json, Pretty};
use super::parse::{
    address, base_path, collector, database_url, directives, duration, network, one_of, origin, password, redis_url,
    replica_url, signing_keys, user_name, whole,
};
use super::reader::{Noted, Reader, list, one, optional};
use Fallback::{Computed, Described, Nothing, Value};

/// A variable of the environment, as operators see it.
#[derive(Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    pub(super) privacy: Privacy,
    pub(super) fallback: Fallback,
    /// What the variable decides, in sentences.
    pub(super) meaning: &'static str,
}

/// Whether problems may show the value of a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Problems quote it.
    Public,
    /// Problems do not quote it: it is no secret, but operators put secrets into it by mistake.
    Hidden,
    /// Problems do not quote it, and the variable `NAME_FILE` may name a file with the value.
    Secret,
}

/// The value of a variable that is not set, and how the documents describe it.
#[derive(Clone, Copy)]
pub(super) enum Fallback {
    /// This text, parsed like a value that was set.
    Value(&'static str),
    /// A description, and the text that is parsed.
    Computed(&'static str, fn(&Reader<'_>) -> String),
    /// A description of what the server does without a value.
    Described(&'static str),
    /// No value.
    Nothing,
}

/// Expands the rows to a constant each, [`VARIABLES`], [`Settings`], and [`Values`] with the function that reads them.
macro_rules! variables {
    ($(
        $name:ident: $privacy:ident, $fallback:expr, $meaning:expr,
            $field:ident: $type:ty = $row:expr;
    )*) => {
        $(
            pub(super) const $name: Variable = Variable {
                name: stringify!($name), privacy: Privacy::$privacy, fallback: $fallback, meaning: $meaning,
            };
        )*

        /// Every variable that the server reads, in the order in which an operator meets them.
        pub const VARIABLES: &[Variable] = &[$($name),*];

        /// The configuration, one field a variable. The rules between variables hold. `Debug` shows no secret.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = concat!("`", stringify!($name), "`: ", $meaning)] pub $field: $type,)*
        }

        /// The fields of [`Settings`], each of which may be invalid.
        pub(super) struct Values {
            $(pub(super) $field: Result<$type, Noted>,)*
        }

        impl Values {
            /// Reads all variables; the reader collects every problem.
            pub(super) fn read(reader: &mut Reader<'_>) -> Self {
                Self { $($field: reader.read::<$type>(&$name, $row),)* }
            }

            /// The settings, if every value is valid. Does not check the rules between variables.
            pub(super) fn complete(self) -> Result<Settings, Noted> {
                Ok(Settings { $($field: self.$field?,)* })
            }
        }
    };
}

/// The database of a server without configuration.
pub(super) const DEFAULT_DATABASE: &str = "sqlite://data/thoughts.db";

const MOST_WORKERS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// The shortest time limit.
const INSTANT: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

variables! {
    APP_ENV: Public, Value("development"), "`production` requires every secret and turns conveniences off.",
        environment: Environment = one(one_of(&[("development", Development), ("production", Production)]));
    HOST: Public, Value("127.0.0.1"), "The IP address to listen at; `0.0.0.0` for all interfaces.",
        host: IpAddr = one(address);
    PORT: Public, Value("3000"), "The port to listen at; 0 for any free one.",
        port: u16 = one(whole(0..=u16::MAX));
    WORKERS: Public, Computed("one a core", |reader| reader.surroundings.cores.min(MOST_WORKERS).to_string()),
        "Threads that serve requests, 1 to 1024.",
        workers: NonZeroUsize = one(whole(NonZeroUsize::MIN..=MOST_WORKERS));
    DATABASE_URL: Secret, Value(DEFAULT_DATABASE),
        "The database: `sqlite://path` with the plain path, or `postgres://user:password@host/name`. In the password, \
         write / as %2F, ? as %3F, # as %23 and @ as %40.",
        database_url: Location = one(database_url);
    DATABASE_REPLICA_URLS: Secret, Nothing,
        "PostgreSQL replicas of the server in DATABASE_URL, for reads, separated by commas.",
        database_replicas: Vec<Location> = list(replica_url);
    DATABASE_MAX_CONNECTIONS: Public, Value("20"),
        "The maximum of connections of one instance to the database, and to each replica, 1 to 10000.",
        database_max_connections: u32 = one(whole(1..=10_000));
    DATABASE_MIGRATE: Public,
        Computed("true in development, false in production", |reader| (!reader.in_production()).to_string()),
        "Whether the server applies migrations at the start: `true` or `false`.",
        database_migrate: bool = one(one_of(&[("true", true), ("false", false)]));
    REDIS_URL: Secret, Nothing,
        "Redis, which several instances share for cache entries, limits and the journal of changes: \
         `redis://:password@host:6379`, or `rediss://` for TLS.",
        redis_url: Option<SecretString> = optional(redis_url);
    CACHE_TTL: Public, Value("300s"),
        "The TTL of cache entries: at most a second without REDIS_URL. `0s` turns the cache off.",
        cache_ttl: Duration = one(duration(Duration::ZERO..=DAY));
    EVENT_RETENTION: Public, Value("24h"), "How long entries of the log of events are kept, one minute to a year.",
        event_retention: Duration = one(duration(MINUTE..=365 * DAY));
    SIGNING_KEY: Secret, Described("generated in data/ in development"),
        "The key that signs tokens, at least 32 bytes, the same on every instance; production requires it. Make one with \
         `openssl rand -hex 32`. Several keys are separated by commas or lines: the first signs, all are accepted. So \
         the key can be changed without a stop.",
        signing_keys: Option<SigningKeys> = optional(signing_keys);
    ACCESS_TOKEN_TTL: Public, Value("15m"), "The lifetime of an access token.",
        access_token_ttl: Duration = one(duration(SECOND..=DAY));
    REFRESH_TOKEN_TTL: Public, Value("30d"), "The lifetime of a refresh token, and so of a session without a refresh.",
        refresh_token_ttl: Duration = one(duration(SECOND..=365 * DAY));
    REFRESH_GRACE: Public, Value("30s"),
        "How long a used refresh token can be used again, while no successor was used: for clients that lost the \
         response. `0s` ends the session at once.",
        refresh_grace: Duration = one(duration(Duration::ZERO..=10 * MINUTE));
    SESSION_TTL: Public, Value("180d"), "The lifetime of a session from its log-in, however often it is refreshed.",
        session_ttl: Duration = one(duration(SECOND..=3650 * DAY));
    RATE_LIMIT: Public, Value("on"), "`off` for load tests and trusted networks. Wrong passwords stay limited.",
        rate_limit: bool = one(one_of(&[("on", true), ("off", false)]));
    TRUSTED_PROXIES: Public, Nothing,
        "Addresses or networks whose `X-Forwarded-For` or `Forwarded` is trusted, separated by commas: `10.0.0.0/8,::1`.",
        trusted_proxies: Vec<IpNet> = list(network);
    CORS_ALLOWED_ORIGINS: Public, Nothing,
        "Origins that browsers may call from, separated by commas: `https://app.example.com`, `tauri://localhost`.",
        cors_allowed_origins: Vec<String> = list(origin);
    BASE_PATH: Public, Nothing,
        "The path prefix that a gateway strips; links of the server begin with it: `/thoughts`.",
        base_path: String = one(base_path);
    REQUEST_TIMEOUT: Public, Value("10s"), "The time limit of a request.",
        request_timeout: Duration = one(duration(INSTANT..=10 * MINUTE));
    SHUTDOWN_TIMEOUT: Public, Value("25s"), "How long a stopping server waits for requests in flight.",
        shutdown_timeout: Duration = one(duration(INSTANT..=10 * MINUTE));
    METRICS_PORT: Public, Nothing,
        "A separate port for `/metrics`. With neither this nor METRICS_USER, it is served on loopback only.",
        metrics_port: Option<u16> = optional(whole(0..=u16::MAX));
    METRICS_USER: Hidden, Nothing,
        "Serves `/metrics` at the server's port to clients with this user name; requires METRICS_PASSWORD.",
        metrics_user: Option<String> = optional(user_name);
    METRICS_PASSWORD: Secret, Nothing, "The password for METRICS_USER.",
        metrics_password: Option<SecretString> = optional(password);
    LOG_FORMAT: Public,
        Computed("pretty on a terminal, else json", |reader| {
            String::from(if reader.surroundings.on_terminal { "pretty" } else { "json" })
        }),
        "`pretty` for people, `json` for machines: one object a line.",
        log_format: LogFormat = one(one_of(&[("pretty", Pretty), ("json", Json)]));
    RUST_LOG: Public, Value("info"), "Log levels by module: `info,thoughts=debug`.",
        log_directives: String = one(directives);
    OTEL_EXPORTER_OTLP_ENDPOINT: Hidden, Nothing,
        "The OpenTelemetry collector for traces: `http://localhost:4318`. Without it there are none. The other \
         variables of the SDK (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, …) come from the environment only.",
        trace_collector: Option<Url> = optional(collector);
}

impl Variable {
    /// The variable that names a file with this one's value, if this one is a secret.
    pub(super) fn file(&self) -> Option<String> {
        (self.privacy == Privacy::Secret).then(|| format!("{}_FILE", self.name))
    }

    /// The default as the documents show it.
    pub(super) fn shown_default(&self) -> Option<&'static str> {
        match self.fallback {
            Value(shown) | Computed(shown, _) | Described(shown) => Some(shown),
            Nothing => None,
        }
    }
}

/// Every name that the server reads: the variables, and those that name the files of secrets.
pub(super) fn names() -> impl Iterator<Item = String> {
    VARIABLES.iter().flat_map(|variable| iter::once(variable.name.to_owned()).chain(variable.file()))
}
