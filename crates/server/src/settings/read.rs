//! Reads [`Settings`] for each command, and checks the rules between variables.

use std::net::SocketAddr;

use database::Location;
use security::SigningKey;

use super::problem::{Problem, SettingsError};
use super::reader::{Noted, Reader, Source};
use super::source::variables_of_process;
use super::variables::{
    DATABASE_REPLICA_URLS, DATABASE_URL, DEFAULT_DATABASE, HOST, LOG_FORMAT, METRICS_PASSWORD, METRICS_PORT,
    METRICS_USER, PORT, RUST_LOG, SIGNING_KEY, VARIABLES, Values, Variable,
};
use super::{Environment, Settings, Surroundings};

const OF_DATABASE: &[Variable] = &[DATABASE_URL, LOG_FORMAT, RUST_LOG];
const OF_ADDRESS: &[Variable] = &[HOST, PORT];

impl Settings {
    /// The settings of this process, from its environment and then from `.env` in the working directory.
    ///
    /// # Errors
    /// [`SettingsError`] with all problems.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_only(VARIABLES)
    }

    /// The database and the log of this process, for commands that need no more. Ignores all other variables, even bad ones: their
    /// fields have the defaults of development.
    ///
    /// # Errors
    /// [`SettingsError`] with all problems of `DATABASE_URL`, `LOG_FORMAT` and `RUST_LOG`.
    pub fn load_for_database() -> Result<Self, SettingsError> {
        Self::load_only(OF_DATABASE)
    }

    fn load_only(wanted: &[Variable]) -> Result<Self, SettingsError> {
        let variables = variables_of_process(wanted)?;
        Self::read(&|name| variables.get(name).cloned(), Surroundings::detect())
    }

    /// The settings from `source`, which returns the value of a variable by its name.
    ///
    /// # Errors
    /// [`SettingsError`] with all problems, in the order of [`VARIABLES`]. A broken rule follows the variables that it
    /// concerns.
    pub fn read(source: Source<'_>, surroundings: Surroundings) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(source, surroundings);
        let values = Values::read(&mut reader);
        let mut problems = reader.problems;
        let row = |name: &str| VARIABLES.iter().position(|variable| variable.name == name);
        for (last, rule) in RULES {
            let next = problems.partition_point(|problem| row(&problem.variable) <= row(last.name));
            problems.splice(next..next, rule(&values));
        }
        match values.complete() {
            Ok(settings) if problems.is_empty() => Ok(settings),
            _ => Err(SettingsError { problems }),
        }
    }

    /// Warnings about values that are valid and seldom intended. The server starts all the same.
    pub fn warnings(&self) -> Vec<Problem> {
        let is_default = Location::parse(DEFAULT_DATABASE).is_ok_and(|default| default == self.database_url);
        if self.environment != Environment::Production || !is_default {
            return Vec::new();
        }
        let explanation = format!(
            "is not set, or is the default, {DEFAULT_DATABASE}: everything is kept in a file below the working directory. \
             In production set it, be it to a path that begins with /"
        );
        vec![Problem::new(DATABASE_URL.name, explanation)]
    }
}

/// The address at which a server with this configuration listens (`HOST`, `PORT`). Ignores all other variables.
///
/// # Errors
/// [`SettingsError`] if either is invalid.
pub fn load_address() -> Result<SocketAddr, SettingsError> {
    Settings::load_only(OF_ADDRESS).map(|settings| SocketAddr::new(settings.host, settings.port))
}

type Rule = fn(&Values) -> Vec<Problem>;

/// The rules between variables, each with its last variable: the problems of the rule follow those of that variable. A
/// rule is skipped if one of its variables is invalid, unless the rule only needs to know whether it is set.
const RULES: &[(Variable, Rule)] = &[
    (DATABASE_REPLICA_URLS, replicas_are_of_a_server),
    (SIGNING_KEY, production_has_a_strong_signing_key),
    (METRICS_PASSWORD, metrics_are_served_in_one_way),
];

fn replicas_are_of_a_server(values: &Values) -> Vec<Problem> {
    let is_embedded = values.database_url.as_ref().is_ok_and(Location::is_embedded);
    if is_embedded && values.database_replicas.as_ref().is_ok_and(|replicas| !replicas.is_empty()) {
        let problem = "is set, but DATABASE_URL is SQLite, which has no replicas; expected PostgreSQL for both";
        return vec![Problem::new(DATABASE_REPLICA_URLS.name, problem)];
    }
    Vec::new()
}

fn production_has_a_strong_signing_key(values: &Values) -> Vec<Problem> {
    match &values.signing_keys {
        _ if values.environment != Ok(Environment::Production) => Vec::new(),
        Ok(None) => vec![Problem::unset(
            SIGNING_KEY.name,
            "production needs a secret of at least 32 bytes that is the same on every instance. \
             Make one with `openssl rand -hex 32`",
        )],
        Ok(Some(keys)) if keys.iter().any(SigningKey::is_monotonous) => vec![Problem::bad_secret(
            SIGNING_KEY.name,
            "keys that nobody guesses, not the same few characters again and again; make one with `openssl rand -hex 32`",
        )],
        Ok(Some(_)) | Err(Noted) => Vec::new(),
    }
}

fn metrics_are_served_in_one_way(values: &Values) -> Vec<Problem> {
    let mut broken = Vec::new();
    if values.port.is_ok_and(|port| port != 0 && values.metrics_port == Ok(Some(port))) {
        broken.push(Problem::new(METRICS_PORT.name, "is the same as PORT; expected a port of its own"));
    }
    match (is_set(&values.metrics_port), is_set(&values.metrics_user), is_set(&values.metrics_password)) {
        (true | false, false, false) | (false, true, true) => {}
        (true, _, _) => {
            let both = "is set, and so is METRICS_USER or METRICS_PASSWORD; expected one way to serve metrics, not two";
            broken.push(Problem::new(METRICS_PORT.name, both));
        }
        (false, true, false) => broken.push(Problem::unset(METRICS_PASSWORD.name, "METRICS_USER is, and needs it")),
        (false, false, true) => broken.push(Problem::unset(METRICS_USER.name, "METRICS_PASSWORD is, and needs it")),
    }
    broken
}

/// Whether a variable has a value, valid or not.
fn is_set<T>(value: &Result<Option<T>, Noted>) -> bool {
    !matches!(value, Ok(None))
}

#[cfg(test)]
mod tests;
