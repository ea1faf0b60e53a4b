//! Every variable there is: the one place that parser, help and `.env.example` are made of.

/// A variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is not set.
    pub fallback: Fallback,
    /// What it decides, in sentences.
    pub meaning: &'static str,
    /// Whether it is a secret, which may be in a file instead.
    pub secret: bool,
    /// Whether its value must never be shown: that of every secret, and of what people put secrets into by mistake.
    pub hidden: bool,
}

/// What holds when a variable is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// This value, read as if it had been set.
    Value(&'static str),
    /// A value that depends on something, which is said here.
    Described(&'static str),
    /// Nothing.
    Nothing,
}

use Fallback::{Described, Nothing, Value};

/// Where everything is kept when nothing is said about it.
pub(super) const DEFAULT_DATABASE: &str = "sqlite://data/thoughts.db";

/// Every variable that the server reads, in the order in which an operator meets them.
pub const VARIABLES: &[Variable] = &[
    plain("APP_ENV", Value("development"), "`production` demands every secret and turns conveniences off."),
    plain("HOST", Value("127.0.0.1"), "The IP address to listen at; `0.0.0.0` for all interfaces."),
    plain("PORT", Value("3000"), "The port to listen at; 0 for any that is free."),
    plain("WORKERS", Described("one a core"), "How many threads answer requests, 1 to 1024."),
    secret(
        "DATABASE_URL",
        Value(DEFAULT_DATABASE),
        "The database: `sqlite://path`, the path as it is, or `postgres://user:password@host/name`, with / as %2F, ? as \
         %3F, # as %23 and @ as %40 in the password.",
    ),
    secret(
        "DATABASE_REPLICA_URLS",
        Nothing,
        "PostgreSQL servers that replicate the one in DATABASE_URL, to read from, with commas between.",
    ),
    plain(
        "DATABASE_MAX_CONNECTIONS",
        Value("20"),
        "Most connections of one instance to the database, and to each replica, 1 to 10000.",
    ),
    plain(
        "DATABASE_MIGRATE",
        Described("true in development, false in production"),
        "Whether migrations are applied at the start: `true` or `false`.",
    ),
    secret(
        "REDIS_URL",
        Nothing,
        "Redis, through which several instances share their caches, limits and what they know of each other's writes: \
         `redis://:password@host:6379`, or `rediss://` for TLS.",
    ),
    plain(
        "CACHE_TTL",
        Value("300s"),
        "How long what was read is kept, if nothing changes it: a second at most without REDIS_URL. `0s` turns the cache off.",
    ),
    secret(
        "SIGNING_KEY",
        Described("made and kept in data/ in development"),
        "The secret that tokens are signed with, at least 32 bytes, the same on every instance; production needs it. \
         Make one with `openssl rand -hex 32`. May be several with commas between, or one a line: the first signs, all \
         are taken, so that the key can be changed without a stop.",
    ),
    plain("ACCESS_TOKEN_TTL", Value("15m"), "How long an access token is good."),
    plain("REFRESH_TOKEN_TTL", Value("30d"), "How long a refresh token is good, and so a session without a request."),
    plain(
        "REFRESH_GRACE",
        Value("30s"),
        "How long a used refresh token gets another successor, while none of them was used: for clients whose answer was \
         lost. `0s` ends the session at once.",
    ),
    plain("SESSION_TTL", Value("180d"), "How long a session lasts from its log-in, however often it is refreshed."),
    plain("RATE_LIMIT", Value("on"), "`off` for load tests and trusted networks. Wrong passwords stay bounded."),
    plain(
        "TRUSTED_PROXIES",
        Nothing,
        "Addresses or networks whose `X-Forwarded-For` or `Forwarded` is believed, with commas between: `10.0.0.0/8,::1`.",
    ),
    plain(
        "CORS_ALLOWED_ORIGINS",
        Nothing,
        "Origins that browsers may call from, with commas between: `https://app.example.com`, `tauri://localhost`.",
    ),
    plain(
        "BASE_PATH",
        Nothing,
        "The path before all others that a gateway strips, so that what the server links to has it: `/thoughts`.",
    ),
    plain("REQUEST_TIMEOUT", Value("10s"), "After how long a request is given up."),
    plain("SHUTDOWN_TIMEOUT", Value("25s"), "How long a server that stops waits for the requests under way."),
    plain(
        "METRICS_PORT",
        Nothing,
        "Serves `/metrics` at a port of its own. With neither this nor METRICS_USER, it is served on loopback only.",
    ),
    hidden(
        "METRICS_USER",
        Nothing,
        "Serves `/metrics` at the server's port to whoever logs in with this name; needs METRICS_PASSWORD.",
    ),
    secret("METRICS_PASSWORD", Nothing, "The password that goes with METRICS_USER."),
    plain(
        "LOG_FORMAT",
        Described("pretty on a terminal, else json"),
        "`pretty` for people, `json` for machines: one object a line.",
    ),
    plain("RUST_LOG", Value("info"), "What is worth a line in the log, by module: `info,thoughts=debug`."),
    hidden(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Nothing,
        "The OpenTelemetry collector that traces are sent to: `http://localhost:4318`. None are made without it. What \
         else the SDK knows (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, …) is read from the environment only.",
    ),
];

const fn plain(name: &'static str, fallback: Fallback, meaning: &'static str) -> Variable {
    Variable { name, fallback, meaning, secret: false, hidden: false }
}

const fn hidden(name: &'static str, fallback: Fallback, meaning: &'static str) -> Variable {
    Variable { name, fallback, meaning, secret: false, hidden: true }
}

const fn secret(name: &'static str, fallback: Fallback, meaning: &'static str) -> Variable {
    Variable { name, fallback, meaning, secret: true, hidden: true }
}

/// The variable that names a file with the secret `name`.
pub(super) fn file_variable(name: &str) -> String {
    format!("{name}_FILE")
}

/// That secrets may be in files, with the variables that say in which.
fn about_files() -> String {
    let names: Vec<_> = VARIABLES.iter().filter(|v| v.secret).map(|v| file_variable(v.name)).collect();
    format!("Instead of a secret, the path of a file that holds it may be set: {}.", names.join(", "))
}

pub(super) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// Widest line of either text, in characters.
const WIDTH: usize = 100;

/// The variables for `thoughts --help`: names on the left, meanings and defaults on the right.
pub fn variables_help() -> String {
    let widest = VARIABLES.iter().map(|variable| variable.name.len()).max().unwrap_or_default();
    let width = WIDTH - widest - "    ".len();
    let mut help = vec![
        "Variables, from the environment or from a file .env in the working directory; empty means unset.".to_owned(),
        "Durations are written as 300s, 15m or 30d.".to_owned(),
    ];
    help.extend(wrap(&about_files(), WIDTH));
    help.push(String::new());
    for variable in VARIABLES {
        let mut lines = wrap(variable.meaning, width);
        if let Value(default) | Described(default) = variable.fallback {
            append(&mut lines, &format!("[default: {default}]"), width);
        }
        let names = std::iter::once(variable.name).chain(std::iter::repeat(""));
        help.extend(names.zip(lines).map(|(name, line)| format!("  {name:widest$}  {line}")));
    }
    help.join("\n") + "\n"
}

/// The text of `.env.example`: every variable, commented out, with its meaning and its default.
pub fn env_example() -> String {
    let mut example: Vec<String> = [
        "# Every variable that the server reads, with its default. Copy this file to .env and change what you",
        "# need, or set variables in the environment, which goes first. Empty means unset. Put a value that has",
        "# a space or any of $ # \" \\ in it between single quotes.",
        "#",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    example.extend(comment(&about_files()));
    example.push("#".to_owned());
    example.push(
        "# Made by `thoughts env-example`: change crates/server/src/settings/variables.rs and run it again.".to_owned(),
    );
    for variable in VARIABLES {
        let (text, value) = match variable.fallback {
            Value(value) => (variable.meaning.to_owned(), value),
            Described(how) => (format!("{} Default: {how}.", variable.meaning), ""),
            Nothing => (variable.meaning.to_owned(), ""),
        };
        example.push(String::new());
        example.extend(comment(&text));
        example.push(format!("#{}={value}", variable.name));
    }
    example.join("\n") + "\n"
}

/// `text` as lines of a comment.
fn comment(text: &str) -> Vec<String> {
    wrap(text, WIDTH - "# ".len()).iter().map(|line| format!("# {line}")).collect()
}

/// Breaks `text` between words into lines of at most `width` characters; a longer word has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for word in text.split_whitespace() {
        append(&mut lines, word, width);
    }
    lines
}

/// Puts `piece` on the last line where it fits, else on one of its own.
fn append(lines: &mut Vec<String>, piece: &str, width: usize) {
    match lines.last_mut() {
        Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
            line.push(' ');
            line.push_str(piece);
        }
        _ => lines.push(piece.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    mod variables {
        use super::*;

        #[test]
        fn have_names_of_their_own() {
            for (number, variable) in VARIABLES.iter().enumerate() {
                assert!(VARIABLES[..number].iter().all(|other| other.name != variable.name), "{}", variable.name);
            }
        }

        #[test]
        fn are_hidden_where_people_put_secrets() {
            let hidden: Vec<_> = VARIABLES.iter().filter(|v| v.hidden && !v.secret).map(|v| v.name).collect();
            assert_eq!(hidden, ["METRICS_USER", "OTEL_EXPORTER_OTLP_ENDPOINT"]);
            assert!(VARIABLES.iter().all(|variable| variable.hidden || !variable.secret));
        }

        #[test]
        fn are_secret_where_their_values_must_not_be_shown() {
            let secrets: Vec<_> = VARIABLES.iter().filter(|v| v.secret).map(|v| v.name).collect();
            assert_eq!(
                secrets,
                ["DATABASE_URL", "DATABASE_REPLICA_URLS", "REDIS_URL", "SIGNING_KEY", "METRICS_PASSWORD"]
            );
        }
    }

    mod variables_help {
        use super::*;

        #[test]
        fn is_aligned_and_fits_into_100_columns() {
            let help = variables_help();
            assert!(
                help.contains(
                    "\n  PORT                         The port to listen at; 0 for any that is free. [default: 3000]\n"
                ),
                "{help}"
            );
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }

        #[test]
        fn names_every_variable() {
            let help = variables_help();
            for variable in VARIABLES {
                assert!(help.contains(&format!("\n  {} ", variable.name)), "{}", variable.name);
            }
        }

        #[test]
        fn says_that_secrets_may_be_in_files() {
            for text in [variables_help(), env_example()] {
                for variable in VARIABLES {
                    assert_eq!(text.contains(&file_variable(variable.name)), variable.secret, "{}", variable.name);
                }
            }
        }
    }

    mod env_example {
        use super::*;
        use std::path::Path;

        #[test]
        fn is_the_file_at_the_root_of_the_repository() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
            let file = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                file == env_example(),
                ".env.example is stale; at the root of the repository, run: cargo run -- env-example > .env.example"
            );
        }

        #[test]
        fn has_every_variable_commented_out() {
            let example = env_example();
            for variable in VARIABLES {
                assert!(example.contains(&format!("\n#{}=", variable.name)), "{}", variable.name);
            }
            assert!(example.lines().all(|line| line.is_empty() || line.starts_with('#')));
        }
    }

    mod wrap {
        use super::*;

        #[test]
        fn breaks_between_words_only() {
            assert_eq!(wrap("ab cd  efghijk l", 5), ["ab cd", "efghijk", "l"]);
            assert!(wrap("", 5).is_empty());
        }
    }
}
