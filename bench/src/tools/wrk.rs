//! The load generator.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::request::{self, Request};

const SCRIPT: &str = include_str!("../../lua/requests.lua");

/// Runs the load generator with one thread, because it shares few cores with the measured server.
pub struct Wrk {
    program: PathBuf,
    folder: PathBuf,
}

/// Requests that are sent in turn. Each run continues where the previous one stopped.
pub struct Load {
    file: PathBuf,
    host: String,
    position: u64,
}

/// The result of a load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Successful responses per second.
    pub rate: f64,
    /// Median latency in microseconds.
    pub p50: f64,
    /// 99th percentile of the latency in microseconds.
    pub p99: f64,
    /// 99.9th percentile of the latency in microseconds.
    pub p999: f64,
    /// Number of responses.
    pub requests: u64,
    /// Responses with a status of 400 or more, broken connections and timeouts.
    pub errors: u64,
}

#[derive(Deserialize)]
struct Line {
    requests: u64,
    microseconds: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    refused: u64,
    broken: u64,
    position: u64,
}

impl Wrk {
    /// Writes the script to `folder`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(program: &Path, folder: &Path) -> Result<Self> {
        std::fs::write(folder.join("requests.lua"), SCRIPT)?;
        Ok(Self { program: program.to_owned(), folder: folder.to_owned() })
    }

    /// Prepares `requests` to be sent to `host`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn load(&self, name: &str, host: &str, requests: &[Request]) -> Result<Load> {
        let file = self.folder.join(format!("{}.requests", name.replace(|c: char| !c.is_alphanumeric(), "-")));
        std::fs::write(&file, request::file(requests, host))?;
        Ok(Load { file, host: host.to_owned(), position: 0 })
    }

    /// Sends requests for `duration`; each connection waits for its response.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn run(&self, load: &mut Load, connections: u16, duration: Duration) -> Result<Reading> {
        let mut command = Command::new(&self.program);
        command
            .args(["--threads", "1", "--connections", &connections.to_string(), "--timeout", "10s"])
            .args(["--duration", &format!("{}s", duration.as_secs().max(1)), "--script"])
            .arg(self.folder.join("requests.lua"))
            .arg(format!("http://{}", load.host))
            .arg("--")
            .arg(&load.file)
            .arg(load.position.to_string());
        let output = super::output(&mut command, duration).await?;
        let (reading, position) = parse(&output)?;
        load.position = position;
        Ok(reading)
    }
}

/// Parses the JSON line that the script prints after the generator's own output.
fn parse(output: &str) -> Result<(Reading, u64)> {
    let line = output.lines().rev().find(|line| line.starts_with('{')).context("wrk printed no result")?;
    let line: Line = serde_json::from_str(line).with_context(|| format!("wrk printed {line}"))?;
    #[expect(clippy::cast_precision_loss, reason = "numbers of requests are small")]
    let rate = line.requests.saturating_sub(line.refused) as f64 / (line.microseconds / 1e6).max(f64::MIN_POSITIVE);
    let Line { requests, p50, p99, p999, .. } = line;
    Ok((Reading { rate, p50, p99, p999, requests, errors: line.refused + line.broken }, line.position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_line_of_the_script() {
        let output = "Running 2s test @ http://127.0.0.1:1\n  1 threads and 64 connections\nRequests/sec: 1.0\n\
            {\"requests\":3000,\"microseconds\":2000000,\"p50\":800,\"p99\":1200,\"p999\":3000,\"refused\":2,\"broken\":1,\"position\":7}\n";
        let (reading, position) = parse(output).unwrap();
        let expected = Reading { rate: 1499.0, p50: 800.0, p99: 1200.0, p999: 3000.0, requests: 3000, errors: 3 };
        assert_eq!((reading, position), (expected, 7));
    }

    #[test]
    fn fails_without_a_line() {
        assert!(parse("unable to connect to 127.0.0.1:1 Connection refused\n").is_err());
    }
}
