use super::*;
use crate::settings::VARIABLES;
use crate::settings::dot_env::Variables;
use secrecy::ExposeSecret;
use std::cell::RefCell;
use std::collections::BTreeSet;

const SURROUNDINGS: Surroundings = Surroundings { cores: NonZeroUsize::new(6).unwrap(), on_terminal: false };
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let value = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
    Settings::read(&value, SURROUNDINGS)
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
        assert_eq!(settings.database.location, Location::parse("sqlite://data/thoughts.db").unwrap());
        assert_eq!(settings.database.max_connections, 20);
        assert!(settings.database.replicas.is_empty() && settings.redis_url.is_none());
        assert_eq!(settings.cache_ttl, 300 * SECOND);
        assert!(settings.signing_keys.is_none());
        let (access, refresh, grace, session) = (15 * MINUTE, 30 * DAY, 30 * SECOND, 180 * DAY);
        assert_eq!(settings.lifetimes, SessionLifetimes { access, refresh, grace, session });
        assert!(settings.rate_limit);
        assert!(settings.trusted_proxies.is_empty() && settings.cors_allowed_origins.is_empty());
        assert_eq!((settings.request_timeout, settings.shutdown_timeout), (10 * SECOND, 25 * SECOND));
        assert!(matches!(settings.metrics, MetricsAccess::Loopback));
        assert_eq!(settings.log.directives, "info");
        assert_eq!(settings.trace_collector, None);
    }

    #[test]
    fn hold_for_what_is_set_to_nothing() {
        let empty = |_: &str| Some(String::new());
        let settings = Settings::read(&empty, SURROUNDINGS).unwrap();
        assert_eq!(format!("{settings:?}"), format!("{:?}", read(&[]).unwrap()));
    }

    #[test]
    fn are_what_the_example_says() {
        let example = crate::settings::env_example();
        let set: Vec<&str> = example
            .lines()
            .filter_map(|line| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())))
            .collect();
        let set = set.join(
            "
",
        );
        let variables: Variables = dotenvy::from_read_iter(set.as_bytes()).collect::<Result<_, _>>().unwrap();
        assert_eq!(variables.len(), VARIABLES.len());
        let settings = Settings::read(&|name| variables.get(name).cloned(), SURROUNDINGS).unwrap();
        assert_eq!(format!("{settings:?}"), format!("{:?}", read(&[]).unwrap()));
    }

    #[test]
    fn of_the_migrations_depend_on_the_environment() {
        let production = [("APP_ENV", "production"), ("SIGNING_KEY", KEY)];
        assert!(read(&[]).unwrap().database.migrate);
        assert!(!read(&production).unwrap().database.migrate);
        assert!(read(&[&production[..], &[("DATABASE_MIGRATE", "true")]].concat()).unwrap().database.migrate);
        assert!(!read(&[("DATABASE_MIGRATE", "false")]).unwrap().database.migrate);
    }

    #[test]
    fn of_the_log_depend_on_who_reads_it() {
        let at = |on_terminal, format: Option<&str>| {
            let source = |name: &str| format.filter(|_| name == "LOG_FORMAT").map(ToOwned::to_owned);
            Settings::read(&source, Surroundings { on_terminal, ..SURROUNDINGS }).unwrap().log.format
        };
        assert_eq!((at(true, None), at(false, None)), (LogFormat::Pretty, LogFormat::Json));
        assert_eq!((at(true, Some("json")), at(false, Some("pretty"))), (LogFormat::Json, LogFormat::Pretty));
    }
}

mod variables {
    use super::*;

    #[test]
    fn are_all_in_the_table_and_all_read() {
        let asked = RefCell::new(BTreeSet::new());
        let source = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            None
        };
        Settings::read(&source, SURROUNDINGS).unwrap();
        let table: BTreeSet<String> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
        assert_eq!(asked.into_inner(), table);
    }

    #[test]
    fn take_effect_each() {
        let settings = read(&[
            ("APP_ENV", "production"),
            ("HOST", "::"),
            ("PORT", "0"),
            ("WORKERS", "1024"),
            ("DATABASE_URL", "postgres://u:p@db/thoughts"),
            ("DATABASE_MAX_CONNECTIONS", "10000"),
            ("SIGNING_KEY", KEY),
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
            ("RUST_LOG", "warn,thoughts=debug"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ])
        .unwrap();
        assert_eq!(settings.environment, Environment::Production);
        assert_eq!((settings.host.to_string().as_str(), settings.port), ("::", 0));
        assert_eq!(settings.workers.get(), 1024);
        assert_eq!(settings.database.location, Location::parse("postgres://u:p@db/thoughts").unwrap());
        assert_eq!(settings.database.max_connections, 10_000);
        assert_eq!(settings.signing_keys.unwrap().first().expose(), KEY.as_bytes());
        let (access, refresh, grace, session) = (SECOND, 150 * MINUTE, Duration::ZERO, DAY);
        assert_eq!(settings.lifetimes, SessionLifetimes { access, refresh, grace, session });
        assert!(!settings.rate_limit);
        assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert_eq!(settings.cors_allowed_origins, ["https://a.example", "tauri://localhost"]);
        assert_eq!(settings.base_path, "/thoughts");
        assert_eq!((settings.request_timeout, settings.shutdown_timeout), (50 * INSTANT, MINUTE));
        assert_eq!(settings.log.directives, "warn,thoughts=debug");
        assert_eq!(settings.trace_collector, Some("http://collector:4318".parse().unwrap()));
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
    fn are_only_those_there_are() {
        assert_eq!(
            blamed(&[("APP_ENV", "production"), ("PORT", "x"), ("SIGNING_KEY", "short")]),
            ["PORT", "SIGNING_KEY"]
        );
    }
}

mod signing_key {
    use super::*;

    #[test]
    fn is_demanded_in_production_with_a_word_on_how_to_make_one() {
        let error = read(&[("APP_ENV", "production")]).unwrap_err();
        assert_eq!(
            error.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["SIGNING_KEY is not set; production needs a secret of at least 32 bytes that is the same on every \
              instance. Make one with `openssl rand -hex 32`"]
        );
    }

    #[test]
    fn is_checked_in_development_too() {
        assert_eq!(blamed(&[("SIGNING_KEY", "short")]), ["SIGNING_KEY"]);
    }

    #[test]
    fn may_be_several_of_which_the_first_signs() {
        let keys = format!("{KEY},{}", KEY.to_uppercase());
        let settings = read(&[("APP_ENV", "production"), ("SIGNING_KEY", &keys)]).unwrap();
        let keys: Vec<_> =
            settings.signing_keys.iter().flat_map(|keys| keys.iter().map(|key| key.expose().to_vec())).collect();
        assert_eq!(keys, [KEY.as_bytes(), KEY.to_uppercase().as_bytes()]);
        assert_eq!(blamed(&[("SIGNING_KEY", &format!("{KEY},short"))]), ["SIGNING_KEY"]);
    }

    #[test]
    fn is_refused_in_production_when_it_is_monotonous_and_not_shown() {
        for weak in ["a".repeat(32), "ab".repeat(16), format!("{KEY},{}", "z".repeat(40))] {
            let problems = read(&[("APP_ENV", "production"), ("SIGNING_KEY", &weak)]).unwrap_err().problems;
            let said = problems[0].to_string();
            assert!(problems.len() == 1 && said.starts_with("SIGNING_KEY ") && !said.contains(&weak), "{said}");
            assert!(read(&[("SIGNING_KEY", &weak)]).is_ok(), "development is for trying things");
        }
    }
}

mod metrics {
    use super::*;

    const USER: (&str, &str) = ("METRICS_USER", "prometheus");
    const PASSWORD: (&str, &str) = ("METRICS_PASSWORD", "hush hush");

    #[test]
    fn have_a_port_or_a_password() {
        assert!(matches!(read(&[("METRICS_PORT", "9090")]).unwrap().metrics, MetricsAccess::Port(9090)));
        let MetricsAccess::BasicAuth { user, password } = read(&[USER, PASSWORD]).unwrap().metrics else {
            panic!("no password is asked");
        };
        assert_eq!((user.as_str(), password.expose_secret()), ("prometheus", "hush hush"));
    }

    #[test]
    fn have_not_both() {
        for extra in [&[USER, PASSWORD][..], &[USER], &[PASSWORD]] {
            assert_eq!(blamed(&[&[("METRICS_PORT", "9090")], extra].concat()), ["METRICS_PORT"]);
        }
    }

    #[test]
    fn have_no_half_of_a_log_in() {
        assert_eq!(blamed(&[USER]), ["METRICS_PASSWORD"]);
        assert_eq!(blamed(&[("METRICS_USER", "a:b"), PASSWORD]), ["METRICS_USER"], "once");
        assert_eq!(blamed(&[PASSWORD]), ["METRICS_USER"]);
    }

    #[test]
    fn have_a_port_of_their_own() {
        assert_eq!(blamed(&[("METRICS_PORT", "3000")]), ["METRICS_PORT"]);
        assert!(read(&[("METRICS_PORT", "0"), ("PORT", "0")]).is_ok(), "any two that are free");
    }
}

mod debug {
    use super::*;

    #[test]
    fn hides_secrets() {
        let settings = read(&[
            ("SIGNING_KEY", "hush-0123456789abcdef0123456789abcdef"),
            ("DATABASE_URL", "postgres://u:hush@db/x"),
            ("METRICS_USER", "prometheus"),
            ("METRICS_PASSWORD", "hush"),
        ]);
        let shown = format!("{:#?}", settings.unwrap());
        assert!(shown.contains("prometheus") && !shown.contains("hush"), "{shown}");
    }
}

mod for_migrations {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<MigrationSettings, SettingsError> {
        let value =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        MigrationSettings::read(&value, SURROUNDINGS)
    }

    #[test]
    fn only_the_database_and_the_log_matter() {
        let others = [("APP_ENV", "production"), ("PORT", "x"), ("SIGNING_KEY", "short")];
        let settings = read(&others).unwrap();
        assert_eq!(settings.location, Location::parse("sqlite://data/thoughts.db").unwrap());
        assert_eq!(settings.log.format, LogFormat::Json);
        let error = read(&[("DATABASE_URL", "mysql://x"), ("LOG_FORMAT", "xml")]).unwrap_err();
        let blamed: Vec<&str> = error.problems.iter().map(|problem| problem.variable.as_str()).collect();
        assert_eq!(blamed, ["DATABASE_URL", "LOG_FORMAT"]);
    }
}

mod of_a_cluster {
    use super::*;

    const PRIMARY: (&str, &str) = ("DATABASE_URL", "postgresql://primary/thoughts");

    #[test]
    fn are_read() {
        let replicas = ("DATABASE_REPLICA_URLS", "postgres://one/thoughts, postgres://two/thoughts");
        let settings =
            read(&[PRIMARY, replicas, ("REDIS_URL", "redis://:secret@cache:6379"), ("CACHE_TTL", "0s")]).unwrap();
        let named: Vec<String> = settings.database.replicas.iter().map(ToString::to_string).collect();
        assert!(named.len() == 2 && named[0].contains("one") && named[1].contains("two"), "{named:?}");
        assert_eq!(settings.redis_url.as_ref().unwrap().expose_secret(), "redis://:secret@cache:6379");
        assert!(!format!("{settings:?}").contains("secret@"));
        assert!(settings.cache_ttl.is_zero());
    }

    #[test]
    fn have_no_replicas_of_sqlite() {
        let replica = ("DATABASE_REPLICA_URLS", "postgres://one/thoughts");
        assert_eq!(blamed(&[replica]), ["DATABASE_REPLICA_URLS"]);
        assert_eq!(blamed(&[PRIMARY, ("DATABASE_REPLICA_URLS", "sqlite://copy.db")]), ["DATABASE_REPLICA_URLS"]);
    }

    #[test]
    fn speak_to_no_redis_by_other_means() {
        for url in ["http://cache", "redis:", "cache:6379"] {
            assert_eq!(blamed(&[("REDIS_URL", url)]), ["REDIS_URL"], "{url}");
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
                        Ok(settings) if settings.database.location.is_embedded() => continue,
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
        let hidden: BTreeSet<&str> = VARIABLES.iter().filter(|variable| variable.hidden).map(|v| v.name).collect();
        assert_eq!(tried, hidden);
    }
}
