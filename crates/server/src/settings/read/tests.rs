use super::*;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::time::Duration;

use secrecy::ExposeSecret;
use security::SigningKeys;

use crate::settings::LogFormat;
use crate::settings::variables::Privacy;

const SURROUNDINGS: Surroundings = Surroundings { cores: NonZeroUsize::new(6).unwrap(), on_terminal: false };
const KEY: &str = "0123456789abcdef0123456789abcdef";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    read_only(VARIABLES, variables)
}

/// Reads what a command wants; in `variables` the first of a name holds.
fn read_only(wanted: &[Variable], variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let wanted = |name: &str| wanted.iter().any(|variable| variable.name == name);
    let source = |name: &str| variables.iter().find(|(other, _)| *other == name && wanted(name));
    Settings::read(&|name| source(name).map(|(_, value)| (*value).to_owned()), SURROUNDINGS)
}

/// The variables that a reading complains about.
fn blamed(variables: &[(&str, &str)]) -> Vec<String> {
    match read(variables) {
        Ok(settings) => panic!("nothing is wrong with {variables:?}: {settings:?}"),
        Err(error) => error.problems.into_iter().map(|problem| problem.variable).collect(),
    }
}

mod defaults {
    use super::*;

    #[test]
    fn are_those_of_the_contract() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.environment, Environment::Development);
        assert_eq!((settings.host.to_string().as_str(), settings.port), ("127.0.0.1", 3000));
        assert_eq!(settings.workers.get(), 6);
        assert_eq!(settings.database_url, Location::parse("sqlite://data/thoughts.db").unwrap());
        assert!(settings.database_replicas.is_empty() && settings.redis_url.is_none());
        assert_eq!((settings.database_max_connections, settings.database_migrate), (20, true));
        assert_eq!(settings.cache_ttl, 5 * MINUTE);
        assert!(settings.signing_keys.is_none());
        assert_eq!((settings.access_token_ttl, settings.refresh_token_ttl), (15 * MINUTE, 30 * DAY));
        assert_eq!((settings.refresh_grace, settings.session_ttl), (MINUTE / 2, 180 * DAY));
        assert!(settings.rate_limit);
        assert!(settings.trusted_proxies.is_empty() && settings.cors_allowed_origins.is_empty());
        assert_eq!(settings.base_path, "");
        assert_eq!((settings.request_timeout, settings.shutdown_timeout), (MINUTE / 6, MINUTE * 5 / 12));
        assert_eq!((settings.metrics_port, settings.metrics_user), (None, None));
        assert!(settings.metrics_password.is_none());
        assert_eq!((settings.log_format, settings.log_directives.as_str()), (LogFormat::Json, "info"));
        assert_eq!(settings.trace_collector, None);
    }

    #[test]
    fn hold_for_what_is_empty_and_for_the_example() {
        let example = crate::settings::env_example();
        let is_variable = |line: &&str| line.starts_with(|c: char| c.is_ascii_uppercase());
        let set: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix('#').filter(is_variable)).collect();
        let set: HashMap<_, _> = dotenvy::from_read_iter(set.join("\n").as_bytes()).map(Result::unwrap).collect();
        assert_eq!(set.len(), VARIABLES.len());
        let defaults = format!("{:?}", read(&[]).unwrap());
        for source in [&|_: &str| Some(String::new()), &|name: &str| set.get(name).cloned()] as [Source<'_>; 2] {
            assert_eq!(format!("{:?}", Settings::read(source, SURROUNDINGS).unwrap()), defaults);
        }
    }

    #[test]
    fn of_the_migrations_depend_on_the_environment() {
        let production = [("APP_ENV", "production"), ("SIGNING_KEY", KEY)];
        assert!(!read(&production).unwrap().database_migrate);
        assert!(read(&[&production[..], &[("DATABASE_MIGRATE", "true")]].concat()).unwrap().database_migrate);
        assert!(!read(&[("DATABASE_MIGRATE", "false")]).unwrap().database_migrate);
    }

    #[test]
    fn of_the_log_depend_on_who_reads_it() {
        let at = |on_terminal, format: Option<&str>| {
            let source = |name: &str| format.filter(|_| name == "LOG_FORMAT").map(ToOwned::to_owned);
            Settings::read(&source, Surroundings { on_terminal, ..SURROUNDINGS }).unwrap().log_format
        };
        assert_eq!((at(true, None), at(false, None)), (LogFormat::Pretty, LogFormat::Json));
        assert_eq!((at(true, Some("json")), at(false, Some("pretty"))), (LogFormat::Json, LogFormat::Pretty));
    }
}

mod variables {
    use super::*;

    #[test]
    fn take_effect_each() {
        let settings = read(&[
            ("APP_ENV", "production"),
            ("HOST", "::"),
            ("PORT", "0"),
            ("WORKERS", "1024"),
            ("DATABASE_URL", "postgres://u:p@db/thoughts"),
            ("DATABASE_REPLICA_URLS", "postgres://one/thoughts, postgres://two/thoughts"),
            ("DATABASE_MAX_CONNECTIONS", "10000"),
            ("REDIS_URL", "redis://:secret@cache:6379"),
            ("CACHE_TTL", "0s"),
            ("SIGNING_KEY", &format!("{KEY},{}", KEY.to_uppercase())),
            ("ACCESS_TOKEN_TTL", "1s"),
            ("REFRESH_TOKEN_TTL", "2h 30m"),
            ("REFRESH_GRACE", "0s"),
            ("SESSION_TTL", "1d"),
            ("RATE_LIMIT", "off"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example,tauri://localhost"),
            ("BASE_PATH", "/thoughts"),
            ("REQUEST_TIMEOUT", "50ms"),
            ("SHUTDOWN_TIMEOUT", "1m"),
            ("METRICS_USER", "prometheus"),
            ("METRICS_PASSWORD", "hush hush"),
            ("RUST_LOG", "warn,thoughts=debug"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ])
        .unwrap();
        assert_eq!(settings.environment, Environment::Production);
        assert_eq!((settings.host.to_string().as_str(), settings.port), ("::", 0));
        assert_eq!(settings.workers.get(), 1024);
        assert_eq!(settings.database_url, Location::parse("postgres://u:p@db/thoughts").unwrap());
        let replicas = ["one", "two"].map(|host| Location::parse(&format!("postgres://{host}/thoughts")).unwrap());
        assert_eq!(settings.database_replicas, replicas);
        assert_eq!(settings.database_max_connections, 10_000);
        assert_eq!(settings.redis_url.unwrap().expose_secret(), "redis://:secret@cache:6379");
        assert!(settings.cache_ttl.is_zero());
        let keys: Vec<_> = settings.signing_keys.iter().flat_map(SigningKeys::iter).map(SigningKey::expose).collect();
        assert_eq!(keys, [KEY.as_bytes(), KEY.to_uppercase().as_bytes()]);
        assert_eq!((settings.access_token_ttl, settings.refresh_token_ttl), (MINUTE / 60, 150 * MINUTE));
        assert_eq!((settings.refresh_grace, settings.session_ttl), (Duration::ZERO, DAY));
        assert!(!settings.rate_limit);
        assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert_eq!(settings.cors_allowed_origins, ["https://a.example", "tauri://localhost"]);
        assert_eq!(settings.base_path, "/thoughts");
        assert_eq!((settings.request_timeout, settings.shutdown_timeout), (MINUTE / 1200, MINUTE));
        assert_eq!(settings.metrics_user.as_deref(), Some("prometheus"));
        assert_eq!(settings.metrics_password.unwrap().expose_secret(), "hush hush");
        assert_eq!(settings.log_directives, "warn,thoughts=debug");
        assert_eq!(settings.trace_collector, Some("http://collector:4318".parse().unwrap()));
        assert_eq!(read(&[("METRICS_PORT", "9090")]).unwrap().metrics_port, Some(9090));
    }

    #[test]
    fn matter_only_to_commands_that_want_them() {
        let variables = [("APP_ENV", "production"), ("PORT", "1"), ("SIGNING_KEY", "short"), ("DATABASE_URL", "x")];
        assert_eq!(read_only(OF_ADDRESS, &variables).unwrap().port, 1);
        let settings = read_only(OF_DATABASE, &variables[..3]).unwrap();
        assert_eq!(settings.database_url, Location::parse(DEFAULT_DATABASE).unwrap());
        let problems =
            read_only(OF_DATABASE, &[&variables[..], &[("LOG_FORMAT", "xml")]].concat()).unwrap_err().problems;
        let blamed: Vec<_> = problems.iter().map(|problem| problem.variable.as_str()).collect();
        assert_eq!(blamed, ["DATABASE_URL", "LOG_FORMAT"]);
    }
}

mod problems {
    use super::*;

    #[test]
    fn are_reported_all_at_once() {
        let wrong = [
            ("APP_ENV", "staging"),
            ("HOST", "localhost"),
            ("PORT", "65536"),
            ("WORKERS", "0"),
            ("DATABASE_URL", "mysql://root:hush@db/x"),
            ("DATABASE_MAX_CONNECTIONS", "0"),
            ("DATABASE_MIGRATE", "yes"),
            ("SIGNING_KEY", "hush"),
            ("ACCESS_TOKEN_TTL", "0s"),
            ("REFRESH_TOKEN_TTL", "2y"),
            ("RATE_LIMIT", "none"),
            ("TRUSTED_PROXIES", "proxy"),
            ("CORS_ALLOWED_ORIGINS", "*"),
            ("BASE_PATH", "thoughts/"),
            ("REQUEST_TIMEOUT", "10"),
            ("SHUTDOWN_TIMEOUT", "1d"),
            ("METRICS_PORT", "-1"),
            ("LOG_FORMAT", "xml"),
            ("RUST_LOG", "info,x=loud"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost"),
        ];
        let error = read(&wrong).unwrap_err();
        let blamed: Vec<&str> = error.problems.iter().map(|problem| problem.variable.as_str()).collect();
        assert_eq!(blamed, wrong.map(|(name, _)| name));
        let shown = error.to_string();
        for (name, value) in wrong {
            let is_hidden = ["DATABASE_URL", "SIGNING_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT"].contains(&name);
            assert_eq!(shown.contains(&format!("{name} is {value:?}; expected")), !is_hidden, "{shown}");
        }
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn of_each_kind_blame_one_variable_once() {
        let own_port = [("METRICS_PORT", "9090")];
        let (user, password) = (("METRICS_USER", "prometheus"), ("METRICS_PASSWORD", "hush hush"));
        let replica = ("DATABASE_REPLICA_URLS", "postgres://one/thoughts");
        let with_a_short_key = format!("{KEY},short");
        for (variables, expected) in [
            (&[("APP_ENV", "production"), ("PORT", "x"), ("SIGNING_KEY", "short")][..], &["PORT", "SIGNING_KEY"][..]),
            (&[("SIGNING_KEY", "short")], &["SIGNING_KEY"]),
            (&[("SIGNING_KEY", &with_a_short_key)], &["SIGNING_KEY"]),
            (&[own_port[0], user, password], &["METRICS_PORT"]),
            (&[own_port[0], user], &["METRICS_PORT"]),
            (&[own_port[0], password], &["METRICS_PORT"]),
            (&[user], &["METRICS_PASSWORD"]),
            (&[password], &["METRICS_USER"]),
            (&[("METRICS_USER", "a:b"), password], &["METRICS_USER"]),
            (&[("METRICS_PORT", "3000")], &["METRICS_PORT"]),
            (&[replica], &["DATABASE_REPLICA_URLS"]),
            (&[("DATABASE_URL", "postgresql://primary/t"), (replica.0, "sqlite://x.db")], &["DATABASE_REPLICA_URLS"]),
            (&[("REDIS_URL", "http://cache")], &["REDIS_URL"]),
            (&[("REDIS_URL", "redis:")], &["REDIS_URL"]),
            (&[("REDIS_URL", "cache:6379")], &["REDIS_URL"]),
        ] {
            assert_eq!(blamed(variables), expected, "{variables:?}");
        }
        assert!(read(&[("METRICS_PORT", "0"), ("PORT", "0")]).is_ok(), "any two that are free");
    }

    #[test]
    fn of_a_missing_signing_key_say_how_to_make_one() {
        let problems = read(&[("APP_ENV", "production")]).unwrap_err().problems;
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["SIGNING_KEY is not set; production needs a secret of at least 32 bytes that is the same on every \
              instance. Make one with `openssl rand -hex 32`"]
        );
    }

    #[test]
    fn of_a_monotonous_signing_key_are_those_of_production_and_do_not_show_it() {
        for weak in ["a".repeat(32), "ab".repeat(16), format!("{KEY},{}", "z".repeat(40))] {
            let problems = read(&[("APP_ENV", "production"), ("SIGNING_KEY", &weak)]).unwrap_err().problems;
            let said = problems[0].to_string();
            assert!(problems.len() == 1 && said.starts_with("SIGNING_KEY ") && !said.contains(&weak), "{said}");
            assert!(read(&[("SIGNING_KEY", &weak)]).is_ok(), "development is for trying things");
        }
    }
}

mod says_nothing_of_a_hidden_value {
    use super::*;

    const MARKER: &str = "HUSH7";
    /// A value of each, and what it may be mistaken for.
    const VALUES: &[(&str, &[&str])] = &[
        (
            "DATABASE_URL",
            &["postgres://app:word@db:5432/t?sslmode=require", "postgres:app:word@db/t", "sqlite://t.db?mode=ro"],
        ),
        ("DATABASE_REPLICA_URLS", &["postgres://app:w,rd@a/t,postgres://app:word@b:5432/t?sslmode=require"]),
        (
            "REDIS_URL",
            &["rediss://app:word@redis:6379/0?protocol=resp3", "redis:app:word@redis", "redis://app:1/2@redis"],
        ),
        ("SIGNING_KEY", &["word", "0123456789abcdef0123456789abcdef"]),
        ("METRICS_USER", &["prometheus", "prometheus:word"]),
        ("METRICS_PASSWORD", &["word", "wo\nrd"]),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &["http://collector:4318/otlp", "https://app:word@collector/?token=word"]),
    ];

    #[test]
    fn wherever_in_it_a_secret_stands() {
        let (mut taken, mut refused) = (0, 0);
        for (name, values) in VALUES {
            for (value, at) in values.iter().flat_map(|value| (0..=value.len()).map(move |at| (value, at))) {
                for between in ["", "@", "/", "?", "&", "=", ":", ","] {
                    let value = format!("{}{between}{MARKER}{}", &value[..at], &value[at..]);
                    // The first of a name holds.
                    let others =
                        [("DATABASE_URL", "postgres://db/t"), ("METRICS_USER", "me"), ("METRICS_PASSWORD", "word")];
                    let others = if name.starts_with("METRICS") { &others[..] } else { &others[..1] };
                    let said = match read(&[&[(*name, value.as_str())][..], others].concat()) {
                        Ok(settings) if settings.database_url.is_embedded() => continue,
                        Ok(settings) => {
                            taken += 1;
                            format!("{settings:?}")
                        }
                        Err(error) => {
                            refused += 1;
                            assert!(error.problems.iter().any(|problem| problem.variable == *name), "{error}");
                            format!("{error} {error:?}")
                        }
                    };
                    // What is hidden without being secret is only mistaken for one that has a secret in it.
                    let is_good = ["OTEL_EXPORTER_OTLP_ENDPOINT", "METRICS_USER"].contains(name);
                    let is_good = is_good && said.starts_with("Settings");
                    assert!(is_good || !said.to_uppercase().contains(MARKER), "{name}={value}: {said}");
                }
            }
        }
        assert!(taken > 300 && refused > 1000, "{taken} taken, {refused} refused");
    }

    #[test]
    fn for_every_variable_that_is_hidden() {
        let tried: BTreeSet<&str> = VALUES.iter().map(|(name, _)| *name).collect();
        let hidden = VARIABLES.iter().filter(|variable| variable.privacy != Privacy::Public);
        let hidden: BTreeSet<&str> = hidden.map(|variable| variable.name).collect();
        assert_eq!(tried, hidden);
    }
}
