//! Variables that nobody reads: slips of the pen in `.env`, and in the environment where it is all but certain.
//!
//! In `.env` everything is meant for the server or for docker-compose.yml, which reads the same file. The environment is
//! full of what others need; there only a name that is nearly one of ours, which is not set itself, is worth a word.

use std::env;
use std::path::Path;

use super::dot_env;
use super::problem::Problem;
use super::variables::{VARIABLES, file_variable};

/// What docker-compose.yml reads besides.
const OF_COMPOSE: &[&str] = &[
    "BUILD_PROFILE",
    "GRAFANA_PORT",
    "HTTP_ADDRESS",
    "HTTP_PORT",
    "IMAGE_TAG",
    "JAEGER_PORT",
    "MORE_INSTANCES",
    "NETWORK_PREFIX",
    "NGINX_BODIES",
    "NGINX_BURST",
    "NGINX_CONNECTIONS",
    "NGINX_RATE",
    "PROMETHEUS_PORT",
    "REDIS_INSIGHT_PORT",
    "THOUGHTS_REVISION",
];
/// What docker-compose.yml reads in place of another, which the server reads as well.
const OF_COMPOSE_ALONE: (&str, &str) = ("LOG_LEVEL", "RUST_LOG");
/// What docker compose itself and the tests of the system read.
const OF_OTHERS: &[&str] = &["COMPOSE_", "DOCKER_", "CLUSTER_TEST_"];
/// What OpenTelemetry's SDK reads, from the environment alone.
const OF_THE_SDK: &str = "OTEL_";
/// A shorter name that is nearly ours may well be another's.
const TELLING: usize = 8;

/// What is set for nobody, in the environment of this process and in `.env` in the working directory: one problem each,
/// none of which keeps the server from starting. Never shows a value.
pub fn unknown_variables() -> Vec<Problem> {
    let process: Vec<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let mut unknown = in_environment(&process);
    unknown.extend(in_file(".env", &dot_env::names(Path::new(".env"))));
    unknown
}

fn in_environment(names: &[String]) -> Vec<Problem> {
    let is_set = |name: &str| names.iter().any(|other| other == name || *other == file_variable(name));
    let slip = |name: &String| {
        let known =
            nearest(name, &[]).filter(|known| known.len() >= TELLING && known.contains('_') && !is_set(known))?;
        let is_near = known.len() > TELLING + 1 || strsim::osa_distance(name, &known) == 1;
        is_near.then(|| Problem::new(name, format!("is not known; did you mean {known}?")))
    };
    let is_strange = |name: &&String| !is_known(name) && !is_of_others(name) && !name.starts_with(OF_THE_SDK);
    names.iter().filter(is_strange).filter_map(slip).collect()
}

fn in_file(file: &str, names: &[(usize, String)]) -> Vec<Problem> {
    let strange = names.iter().filter(|(_, name)| !is_known(name) && !is_of_others(name));
    let problem = |(line, name): &(usize, String)| {
        let explanation = match nearest(name, OF_COMPOSE) {
            _ if name == OF_COMPOSE_ALONE.0 => {
                format!("sets {name}, which only the compose file reads; set {} instead", OF_COMPOSE_ALONE.1)
            }
            _ if name.starts_with(OF_THE_SDK) && is_plain(name) => {
                format!("sets {name}, which is read from the environment only")
            }
            Some(known) => format!("sets {name}, which is not known; did you mean {known}?"),
            None if is_plain(name) => format!("sets {name}, which is not known"),
            None => "sets a variable that is not known (its name is not shown: it may be part of a secret)".to_owned(),
        };
        Problem::new(format!("{file} line {line}"), explanation)
    };
    strange.map(problem).collect()
}

fn is_known(name: &str) -> bool {
    let is_it = |variable: &super::Variable| {
        variable.name == name || (variable.secret && name.strip_suffix("_FILE") == Some(variable.name))
    };
    VARIABLES.iter().any(is_it)
}

fn is_of_others(name: &str) -> bool {
    OF_COMPOSE.contains(&name) || OF_OTHERS.iter().any(|prefix| name.starts_with(prefix))
}

/// The name of a variable of the server, or of `others`, that `name` is nearly, or is in other letters.
fn nearest(name: &str, others: &[&str]) -> Option<String> {
    let name = name.to_ascii_uppercase();
    let files = VARIABLES.iter().filter(|variable| variable.secret).map(|variable| file_variable(variable.name));
    let known = VARIABLES.iter().map(|variable| variable.name.to_owned()).chain(files);
    let known = known.chain(others.iter().map(|&name| name.to_owned()));
    let nearest = known.map(|known| (strsim::osa_distance(&known, &name), known)).min()?;
    let slips = if name.len() < 6 { 1 } else { 2 };
    (nearest.0 <= slips).then_some(nearest.1)
}

/// Whether it can be nothing but the name of a variable: a line of a secret that was broken is none.
fn is_plain(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 64 && name.contains('_') && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    mod in_file {
        use super::*;

        fn said(names: &[&str]) -> Vec<String> {
            let names: Vec<_> = (1..).zip(names.iter().map(|name| (*name).to_owned())).collect();
            in_file(".env", &names).iter().map(ToString::to_string).collect()
        }

        #[test]
        fn names_what_is_misspelt_and_what_was_meant() {
            assert_eq!(
                said(&[
                    "PORT",
                    "SIGNING_KYE",
                    "port",
                    "CORS_ALLOWED_ORIGIN",
                    "DATABASE_URL_FILES",
                    "FEATURE_X",
                    "NGINX_BRUST"
                ]),
                [
                    ".env line 2 sets SIGNING_KYE, which is not known; did you mean SIGNING_KEY?",
                    ".env line 3 sets port, which is not known; did you mean PORT?",
                    ".env line 4 sets CORS_ALLOWED_ORIGIN, which is not known; did you mean CORS_ALLOWED_ORIGINS?",
                    ".env line 5 sets DATABASE_URL_FILES, which is not known; did you mean DATABASE_URL_FILE?",
                    ".env line 6 sets FEATURE_X, which is not known",
                    ".env line 7 sets NGINX_BRUST, which is not known; did you mean NGINX_BURST?",
                ]
            );
        }

        #[test]
        fn knows_who_else_reads_it() {
            assert!(said(&["HTTP_PORT", "BUILD_PROFILE", "COMPOSE_PROJECT_NAME", "SIGNING_KEY_FILE"]).is_empty());
            assert_eq!(
                said(&["OTEL_SERVICE_NAME"]),
                [".env line 1 sets OTEL_SERVICE_NAME, which is read from the environment only"]
            );
        }

        #[test]
        fn says_what_means_something_to_the_compose_file_alone() {
            assert_eq!(
                said(&["LOG_LEVEL"]),
                [".env line 1 sets LOG_LEVEL, which only the compose file reads; set RUST_LOG instead"]
            );
        }

        #[test]
        fn does_not_show_half_of_a_secret() {
            for name in ["MFRGGZDFMZTWQ2LK", "dGhlIHF1aWNr", "hush", "HUSH_hush"] {
                let said = said(&[name]).concat();
                assert!(said.starts_with(".env line 1 sets a variable") && !said.contains(name), "{said}");
            }
        }

        #[test]
        fn takes_no_variable_of_the_compose_file_for_a_mistake() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker-compose.yml");
            let file = std::fs::read_to_string(path).unwrap();
            let names: Vec<&str> = file
                .split("${")
                .skip(1)
                .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next())
                .filter(|name| !name.starts_with(OF_THE_SDK) && *name != OF_COMPOSE_ALONE.0)
                .collect();
            assert!(names.contains(&"HTTP_PORT"));
            assert_eq!(said(&names), [""; 0]);
        }
    }

    mod in_environment {
        use super::*;

        fn said(names: &[&str]) -> Vec<String> {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            in_environment(&names).iter().map(ToString::to_string).collect()
        }

        #[test]
        fn names_what_is_nearly_ours() {
            assert_eq!(said(&["DATABASE_ULR"]), ["DATABASE_ULR is not known; did you mean DATABASE_URL?"]);
            assert_eq!(said(&["SIGNING_KEYFILE"]), ["SIGNING_KEYFILE is not known; did you mean SIGNING_KEY_FILE?"]);
        }

        #[test]
        fn is_silent_about_what_others_need() {
            let others = [
                "PATH",
                "HOME",
                "HOSTNAME",
                "HOST",
                "PORT",
                "SHELL",
                "USER",
                "PWD",
                "TERM",
                "LANG",
                "SHLVL",
                "POST",
                "RUST_LIB",
                "RUST_BACKTRACE",
                "REDIS_PORT",
                "DATABASE_HOST",
                "METRICS_PATH",
                "HTTP_PROXY",
                "OTEL_SERVICE_NAME",
                "LOG_LEVEL",
                "CARGO_HOME",
                "KUBERNETES_SERVICE_HOST",
                "WORKER",
                "DOCKER_HOST",
            ];
            assert!(said(&others).is_empty(), "{:?}", said(&others));
        }

        #[test]
        fn is_silent_where_the_right_one_is_set() {
            assert!(said(&["DATABASE_URI", "DATABASE_URL"]).is_empty());
            assert!(said(&["DATABASE_URI", "DATABASE_URL_FILE"]).is_empty());
        }
    }
}
