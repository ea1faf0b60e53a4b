//! Checks that variables in `.env` reach the instances. The compose file must pass on each variable of the server,
//! except those that it sets itself.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Variables that the compose file sets itself: addresses within the system, and access to metrics.
const DECIDED: &[&str] = &[
    "APP_ENV",
    "HOST",
    "PORT",
    "DATABASE_URL",
    "DATABASE_REPLICA_URLS",
    // Only the service `migrate` may change the schema.
    "DATABASE_MIGRATE",
    "REDIS_URL",
    "TRUSTED_PROXIES",
    "METRICS_PORT",
    "METRICS_USER",
    "METRICS_PASSWORD",
];
/// A variable that reaches the instances in a file, and the service that writes the file.
const BY_FILE: (&str, &str) = ("SIGNING_KEY", "secrets");
/// Services that run the server.
const INSTANCES: &[&str] = &["app1", "app2", "app-more"];

/// The server's variables, read from `.env.example`.
pub(super) fn variables(example: &str) -> Result<Vec<&str>> {
    let names = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let names: Vec<&str> = names.map(|(name, _)| name).filter(|name| is_name(name)).collect();
    let unknown = DECIDED.iter().find(|decided| !names.contains(decided));
    anyhow::ensure!(unknown.is_none(), "the server does not know {unknown:?}, which the compose file decides");
    Ok(names)
}

/// A unique value, to see where a variable arrives.
pub(super) fn mark(name: &str) -> String {
    format!("mark-of-{name}")
}

/// Variables that do not arrive in the compose file, which was read with each of them [marked](mark).
pub(super) fn lost(compose: &Value, variables: &[&str]) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for name in variables.iter().filter(|name| !DECIDED.contains(name)) {
        let services: &[&str] = if *name == BY_FILE.0 { &[BY_FILE.1] } else { INSTANCES };
        for service in services {
            let environment = &compose["services"][service]["environment"];
            let environment = environment.as_object().with_context(|| format!("{service} has no environment"))?;
            if environment.get(*name).and_then(Value::as_str) != Some(mark(name).as_str()) {
                lost.push(format!("{name} is not handed on to {service}"));
            }
        }
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn example() -> String {
        DECIDED.iter().map(|name| format!("#{name}=\n")).collect::<Vec<_>>().concat()
            + "# A word.\n#\n#SIGNING_KEY=\n#RUST_LOG=info\n"
    }

    #[test]
    fn are_the_variables_of_the_example() {
        let example = example();
        let variables = variables(&example).unwrap();
        assert_eq!(variables[DECIDED.len()..], ["SIGNING_KEY", "RUST_LOG"]);
        assert!(super::variables("#PORT=\n").is_err(), "a variable of DECIDED is missing in the example");
    }

    #[test]
    fn are_lost_if_they_do_not_arrive() {
        let instance = json!({ "environment": { "RUST_LOG": "mark-of-RUST_LOG" } });
        let mut compose = json!({ "services": {
            "app1": instance, "app2": instance, "app-more": instance,
            "secrets": { "environment": { "SIGNING_KEY": "mark-of-SIGNING_KEY" } },
        } });
        let example = example();
        let variables = variables(&example).unwrap();
        assert_eq!(lost(&compose, &variables).unwrap(), [""; 0]);
        compose["services"]["app2"]["environment"] = json!({ "RUST_LOG": "info" });
        compose["services"]["secrets"]["environment"] = json!({});
        assert_eq!(
            lost(&compose, &variables).unwrap(),
            ["SIGNING_KEY is not handed on to secrets", "RUST_LOG is not handed on to app2"]
        );
    }
}
