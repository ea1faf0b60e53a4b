//! Command line options, and the duration of each measurement.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

/// Options of a run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// A PostgreSQL whose role may create databases: `BENCH_DATABASE_URL`. It contains a password, and every user can
    /// read the arguments of a process.
    #[arg(skip)]
    pub database_url: String,
    /// A Redis whose databases may be emptied: `BENCH_REDIS_URL`.
    #[arg(skip)]
    pub redis_url: String,
    /// The server, built in release mode
    #[arg(long)]
    pub server: PathBuf,
    /// The seed tool
    #[arg(long)]
    pub seed: PathBuf,
    /// The load generator
    #[arg(long, default_value = "wrk")]
    pub wrk: PathBuf,
    /// The static web server
    #[arg(long, default_value = "nginx")]
    pub nginx: PathBuf,
    /// PostgreSQL's benchmark; preceding words are a command that runs it
    #[arg(long, default_value = "pgbench", value_delimiter = ' ')]
    pub pgbench: Vec<String>,
    /// A short run of about two minutes: less data, shorter times, one round
    #[arg(long)]
    pub quick: bool,
    /// Run only the workloads whose names contain this, and nothing else
    #[arg(long, value_name = "PART OF A NAME")]
    pub only: Option<String>,
    /// An earlier bench.json to compare with
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// The folder that the report is written to
    #[arg(long, default_value = "target/bench")]
    pub output: PathBuf,
    /// Also write the tables and plots into this folder's performance.md
    #[arg(long, value_name = "FOLDER")]
    pub publish: Option<PathBuf>,
    /// Write the server's log to this file; it is discarded by default, so that a filling disc does not affect the
    /// results
    #[arg(long, value_name = "FILE")]
    pub server_log: Option<PathBuf>,
    /// Also measure on a PostgreSQL with `fsync` off
    #[arg(long)]
    pub allow_unsafe_database: bool,
}

impl Options {
    /// Adds the URLs of the environment.
    ///
    /// # Errors
    /// If a variable is not set.
    pub fn with_addresses(mut self) -> Result<Self> {
        let of = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
        self.database_url = of("BENCH_DATABASE_URL")?;
        self.redis_url = of("BENCH_REDIS_URL")?;
        Ok(self)
    }
}

/// Options of the bare server.
#[derive(Debug, Clone, Args)]
pub struct Bare {
    /// File with the response, as JSON
    #[arg(long)]
    pub answer: PathBuf,
    /// Port to listen on, on loopback
    #[arg(long)]
    pub port: u16,
}

/// Durations and repetitions of the measurements.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Effort {
    /// Connections of the load generator and of `pgbench`.
    pub connections: u16,
    /// Warm-up in seconds.
    pub warm_up: u64,
    /// Measurement in seconds.
    pub duration: u64,
    /// Number of rounds in which each workload and its ceilings are measured in turn.
    pub rounds: usize,
    /// Posts in the main database.
    pub posts: usize,
    /// Number of starts for the start-up time.
    pub starts: usize,
}

impl Effort {
    /// The settings of the documented figures.
    pub const FULL: Self = Self { connections: 64, warm_up: 3, duration: 10, rounds: 3, posts: 100_000, starts: 5 };
    /// The settings of a run of two minutes.
    pub const QUICK: Self = Self { connections: 64, warm_up: 1, duration: 2, rounds: 1, posts: 10_000, starts: 3 };

    /// Database sizes at which the reads are compared, in posts.
    pub fn sizes(&self) -> &'static [usize] {
        if self.posts >= Self::FULL.posts { &[10_000, 100_000, 1_000_000] } else { &[10_000, 50_000] }
    }

    /// Numbers of connections at which the latency is measured.
    pub fn pressures(&self) -> &'static [u16] {
        if self.posts >= Self::FULL.posts { &[1, 4, 16, 64, 256] } else { &[1, 64] }
    }

    /// Duration of measuring a static server, whose rate hardly varies.
    pub fn of_a_static_server(&self) -> Duration {
        Duration::from_secs(self.duration.min(self.warm_up.max(1)))
    }

    /// Duration of measuring a point of a plot.
    pub fn of_a_point(&self) -> Duration {
        Duration::from_secs((self.duration / 2).max(1))
    }
}
