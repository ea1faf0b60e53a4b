//! Warnings about unknown names, which are probably misspelt.
//!
//! In `.env`, every name is meant for the server or for docker-compose.yml, so each unknown one is reported. The
//! environment contains variables of other programs. There, a name is reported only if it is close to a variable of the
//! server that is unset.

use std::env;
use std::path::Path;

use super::dot_env::{self, Entry};
use super::problem::Problem;
use super::variables::names;

/// Variables that only docker-compose.yml reads.
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
/// Variables that docker-compose.yml reads instead of one of the server.
const OF_COMPOSE_ALONE: (&str, &str) = ("LOG_LEVEL", "RUST_LOG");
/// Variables of docker compose itself and of the cluster test.
const OF_OTHERS: &[&str] = &["COMPOSE_", "DOCKER_", "CLUSTER_TEST_"];
/// Variables of OpenTelemetry's SDK, from the environment only.
const OF_THE_SDK: &str = "OTEL_";
/// Shorter names are often close to ours by chance.
const TELLING: usize = 8;

/// One warning for each name in the environment or `.env` that neither the server nor the compose file reads. Warnings
/// show no values.
pub fn unknown_variables() -> Vec<Problem> {
    let process: Vec<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let mut unknown = in_environment(&process);
    unknown.extend(in_file(".env", &dot_env::read(Path::new(".env")).0));
    unknown
}

fn in_environment(set: &[String]) -> Vec<Problem> {
    let is_set = |name: &str| set.iter().any(|other| other == name || other.strip_suffix("_FILE") == Some(name));
    let slip = |name: &String| {
        let known = nearest(name, &[])?;
        let is_telling = known.len() >= TELLING && known.contains('_') && !is_set(&known);
        let is_near = known.len() > TELLING + 1 || strsim::osa_distance(name, &known) == 1;
        (is_telling && is_near).then(|| Problem::new(name, format!("is not known; did you mean {known}?")))
    };
    set.iter().filter(|name| is_strange(name) && !name.starts_with(OF_THE_SDK)).filter_map(slip).collect()
}

fn in_file(file: &str, entries: &[Entry]) -> Vec<Problem> {
    let problem = |Entry { line, name, .. }: &Entry| {
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
    entries.iter().filter(|entry| is_strange(&entry.name)).map(problem).collect()
}

/// Whether a name is unknown to the server, the compose file and their tools.
fn is_strange(name: &str) -> bool {
    let is_of_others = OF_COMPOSE.contains(&name) || OF_OTHERS.iter().any(|prefix| name.starts_with(prefix));
    !is_of_others && names().all(|known| known != name)
}

/// The variable of the server, or of `others`, to which `name` is close, or equal in another case.
fn nearest(name: &str, others: &[&str]) -> Option<String> {
    let name = name.to_ascii_uppercase();
    let known = names().chain(others.iter().map(|&other| other.to_owned()));
    let (distance, nearest) = known.map(|known| (strsim::osa_distance(&known, &name), known)).min()?;
    let slips = if name.len() < 6 { 1 } else { 2 };
    (distance <= slips).then_some(nearest)
}

/// Whether it has the form of a variable's name. A line of a broken secret does not.
fn is_plain(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 64 && name.contains('_') && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(names: &[&str]) -> Vec<String> {
        let entry = |(line, name): (usize, &&str)| Entry { line, name: (*name).to_owned(), value: "hush".to_owned() };
        let entries: Vec<Entry> = (1..).zip(names).map(entry).collect();
        super::in_file(".env", &entries).iter().map(ToString::to_string).collect()
    }

    fn in_environment(names: &[&str]) -> Vec<String> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        super::in_environment(&names).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn in_file_names_what_is_strange_and_what_was_meant() {
        for (name, said) in [
            ("SIGNING_KYE", "sets SIGNING_KYE, which is not known; did you mean SIGNING_KEY?"),
            ("port", "sets port, which is not known; did you mean PORT?"),
            ("CORS_ALLOWED_ORIGIN", "sets CORS_ALLOWED_ORIGIN, which is not known; did you mean CORS_ALLOWED_ORIGINS?"),
            ("DATABASE_URL_FILES", "sets DATABASE_URL_FILES, which is not known; did you mean DATABASE_URL_FILE?"),
            ("FEATURE_X", "sets FEATURE_X, which is not known"),
            ("NGINX_BRUST", "sets NGINX_BRUST, which is not known; did you mean NGINX_BURST?"),
            ("OTEL_SERVICE_NAME", "sets OTEL_SERVICE_NAME, which is read from the environment only"),
            ("LOG_LEVEL", "sets LOG_LEVEL, which only the compose file reads; set RUST_LOG instead"),
        ] {
            assert_eq!(in_file(&["PORT", name]), [format!(".env line 2 {said}")]);
        }
    }

    #[test]
    fn in_file_knows_what_others_read() {
        let known = in_file(&["HTTP_PORT", "BUILD_PROFILE", "COMPOSE_PROJECT_NAME", "SIGNING_KEY_FILE"]);
        assert_eq!(known, [""; 0]);
    }

    #[test]
    fn in_file_does_not_show_half_of_a_secret() {
        for name in ["MFRGGZDFMZTWQ2LK", "dGhlIHF1aWNr", "hush", "HUSH_hush"] {
            let said = in_file(&[name]).concat();
            assert!(said.starts_with(".env line 1 sets a variable") && !said.contains(name), "{said}");
        }
    }

    #[test]
    fn in_file_takes_no_variable_of_the_compose_file_for_a_mistake() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker-compose.yml");
        let file = std::fs::read_to_string(path).unwrap();
        let names: Vec<&str> = file
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next())
            .filter(|name| !name.starts_with(OF_THE_SDK) && *name != OF_COMPOSE_ALONE.0)
            .collect();
        assert!(names.contains(&"HTTP_PORT"));
        assert_eq!(in_file(&names), [""; 0]);
    }

    #[test]
    fn in_environment_names_what_is_nearly_ours_unless_the_right_one_is_set() {
        for (set, said) in [
            (&["DATABASE_ULR"][..], &["DATABASE_ULR is not known; did you mean DATABASE_URL?"][..]),
            (&["SIGNING_KEYFILE"], &["SIGNING_KEYFILE is not known; did you mean SIGNING_KEY_FILE?"]),
            (&["SIGNING_KEYFILE", "SIGNING_KEY_FILE"], &[]),
            (&["DATABASE_URI", "DATABASE_URL"], &[]),
            (&["DATABASE_URI", "DATABASE_URL_FILE"], &[]),
        ] {
            assert_eq!(in_environment(set), said);
        }
    }

    #[test]
    fn in_environment_is_silent_about_what_others_need() {
        let others = "PATH HOME HOSTNAME HOST PORT SHELL USER PWD TERM LANG SHLVL POST RUST_LIB RUST_BACKTRACE REDIS_PORT \
            DATABASE_HOST METRICS_PATH HTTP_PROXY OTEL_SERVICE_NAME LOG_LEVEL CARGO_HOME KUBERNETES_SERVICE_HOST WORKER \
            DOCKER_HOST";
        assert_eq!(in_environment(&others.split_whitespace().collect::<Vec<_>>()), [""; 0]);
    }
}
