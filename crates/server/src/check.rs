//! `thoughts check`: checks the configuration and the servers that it names, without serving.
//!
//! It changes nothing: it creates no file or folder, and applies no migration. In Redis it uses a temporary key.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use database::{Inspection, Location, Role};
use persistence::inspect;
use redis_adapters::{Redis, RedisOptions};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::settings::{Settings, unknown_variables};

/// The time limit per server.
const PATIENCE: Duration = Duration::from_secs(5);

/// The result for one variable. `Display` writes one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    verdict: Verdict,
    subject: String,
    said: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works, but may not be intended.
    Doubtful,
    Bad,
}

impl Finding {
    fn new(verdict: Verdict, subject: impl Into<String>, said: impl Into<String>) -> Self {
        Self { verdict, subject: subject.into(), said: said.into() }
    }

    /// Whether the server would not start, or not work as configured.
    pub fn is_bad(&self) -> bool {
        self.verdict == Verdict::Bad
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Good => "ok",
            Verdict::Doubtful => "warning",
            Verdict::Bad => "failed",
        };
        write!(f, "{verdict:<8} {}: {}", self.subject, self.said)
    }
}

/// Checks every server that `settings` name. Returns a finding for each, after the warnings.
pub async fn check(settings: &Settings) -> Vec<Finding> {
    let mut findings: Vec<Finding> = unknown_variables()
        .into_iter()
        .chain(settings.warnings())
        .map(|problem| Finding::new(Verdict::Doubtful, problem.variable, problem.explanation))
        .collect();
    findings.push(database(settings).await);
    for (number, location) in (1..).zip(&settings.database_replicas) {
        findings.push(replica(number, location).await);
    }
    if let Some(url) = &settings.redis_url {
        findings.push(redis(url.expose_secret()).await);
    }
    if let Some(url) = &settings.trace_collector {
        findings.push(collector(url).await);
    }
    findings
}

async fn database(settings: &Settings) -> Finding {
    const SUBJECT: &str = "DATABASE_URL";
    let Settings { database_url: location, database_migrate: migrate, .. } = settings;
    let (verdict, state) = match inspect(location, PATIENCE).await {
        Err(error) => return Finding::new(Verdict::Bad, SUBJECT, chain(&error)),
        Ok(None) if *location == Location::SqliteMemory => (Verdict::Good, "gone when the server stops"),
        Ok(None) if *migrate => (Verdict::Good, "not there yet; made at the start"),
        Ok(None) => (Verdict::Bad, "not there yet: run `thoughts migrate`, or set DATABASE_MIGRATE=true"),
        Ok(Some(found)) if found.role == Role::Replica => (Verdict::Bad, "a replica, which takes no writes"),
        Ok(Some(Inspection { forbidden: Some(what), .. })) => return forbidden(SUBJECT, location, &what),
        Ok(Some(found)) if found.is_migrated => (Verdict::Good, "the schema is up to date"),
        Ok(Some(_)) if *migrate => (Verdict::Good, "the schema is brought up to date at the start"),
        Ok(Some(_)) => {
            (Verdict::Bad, "the schema is not up to date: run `thoughts migrate`, or set DATABASE_MIGRATE=true")
        }
    };
    Finding::new(verdict, SUBJECT, format!("{location}, {state}"))
}

async fn replica(number: usize, location: &Location) -> Finding {
    let subject = format!("DATABASE_REPLICA_URLS, number {number}");
    match inspect(location, PATIENCE).await {
        Ok(Some(Inspection { role: Role::Replica, forbidden: Some(what), .. })) => forbidden(&subject, location, &what),
        Ok(Some(found)) if found.role == Role::Replica => {
            Finding::new(Verdict::Good, subject, format!("{location}, a replica"))
        }
        Ok(_) => Finding::new(Verdict::Bad, subject, format!("{location}, no replica, so that nobody reads from it")),
        Err(error) => Finding::new(Verdict::Bad, subject, chain(&error)),
    }
}

fn forbidden(subject: &str, location: &Location, what: &str) -> Finding {
    Finding::new(Verdict::Bad, subject, format!("{location}, where an instance may not do what it needs: {what}"))
}

async fn redis(url: &str) -> Finding {
    let options = RedisOptions { command_timeout: PATIENCE, connect_timeout: PATIENCE, ..RedisOptions::default() };
    let answer = match Redis::connect(url, options) {
        Ok(redis) => match redis.ping().await {
            Ok(()) => redis.try_rights().await.map_err(|error| chain(&error)),
            Err(error) => Err(chain(&error)),
        },
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(()) => Finding::new(Verdict::Good, "REDIS_URL", "it answers, and allows what an instance needs"),
        Err(said) => Finding::new(Verdict::Bad, "REDIS_URL", said),
    }
}

async fn collector(url: &Url) -> Finding {
    const SUBJECT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let address = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    let address = (address.0.trim_start_matches('[').trim_end_matches(']'), address.1);
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Finding::new(Verdict::Good, SUBJECT, "it accepts connections"),
        Ok(Err(error)) => Finding::new(Verdict::Bad, SUBJECT, format!("cannot connect: {error}")),
        Err(_) => Finding::new(Verdict::Bad, SUBJECT, format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}
