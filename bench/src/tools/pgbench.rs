//! PostgreSQL's benchmark.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::script::Script;

/// Runs `pgbench`.
pub struct Pgbench {
    words: Vec<String>,
    folder: PathBuf,
    url: String,
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Transactions or requests per second.
    pub rate: f64,
    /// Mean latency in microseconds.
    pub mean: f64,
}

impl Pgbench {
    /// `words` is the command that runs `pgbench`, `url` the database to run it on.
    pub fn new(words: &[String], folder: &Path, url: &str) -> Self {
        Self { words: words.to_vec(), folder: folder.to_owned(), url: url.to_owned() }
    }

    /// Runs `script` for `duration` on `connections` connections.
    ///
    /// # Errors
    /// If it does not run, or a statement fails.
    pub async fn run(&self, script: &Script, connections: u16, duration: Duration) -> Result<Speed> {
        // Its time limit includes connecting, which checks passwords, although its rate does not.
        for connecting in [Duration::from_secs(1), Duration::from_secs(10)] {
            if let Some(speed) = self.try_run(script, connections, duration + connecting).await? {
                return Ok(speed);
            }
        }
        bail!("pgbench could not connect in time to do anything")
    }

    /// The same; `None` if no time was left to run anything.
    async fn try_run(&self, script: &Script, connections: u16, duration: Duration) -> Result<Option<Speed>> {
        let (program, before) = self.words.split_first().context("no pgbench")?;
        let mut command = Command::new(program);
        command.args(before);
        // The extended protocol with prepared statements, as used by the server's driver.
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", &format!("--client={connections}")]);
        command.arg(format!("--time={}", duration.as_secs().max(1)));
        let file = self.folder.join("script.sql");
        std::fs::write(&file, &script.text)?;
        command.arg("--file").arg(file);
        for (name, value) in &script.variables {
            command.arg("--define").arg(format!("{name}={value}"));
        }
        command.arg(&self.url);
        parse(&super::output(&mut command, duration).await?)
    }
}

fn parse(output: &str) -> Result<Option<Speed>> {
    let after = |mark: &str| {
        let rest = output.lines().find_map(|line| line.strip_prefix(mark))?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    if after("number of transactions actually processed: ") == Some(0.0) {
        return Ok(None);
    }
    let rate = after("tps = ").with_context(|| format!("pgbench printed no rate: {output}"))?;
    let mean = after("latency average = ").with_context(|| format!("pgbench printed no latency: {output}"))?;
    Ok(Some(Speed { rate, mean: mean * 1000.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rate_and_latency() {
        let output = "transaction type: /tmp/s.sql\nnumber of failed transactions: 0 (0.000%)\n\
            latency average = 2.466 ms\ninitial connection time = 72.951 ms\ntps = 25951.9 (without initial connection time)\n";
        assert_eq!(parse(output).unwrap(), Some(Speed { rate: 25951.9, mean: 2466.0 }));
    }

    #[test]
    fn no_transactions_are_no_rate() {
        assert_eq!(
            parse("number of transactions actually processed: 0\nnumber of failed transactions: 0 (NaN%)\n").unwrap(),
            None
        );
    }

    #[test]
    fn fails_without_a_rate() {
        assert!(parse("pgbench: error: connection to server failed\n").is_err());
    }
}
