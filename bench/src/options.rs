//! What the command line says, and how long each thing is measured.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

/// Options of a run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// A PostgreSQL whose role may create databases: `BENCH_DATABASE_URL`, since everybody may read the arguments of a
    /// process, and there is a password in it.
    #[arg(skip)]
    pub database_url: String,
    /// A Redis whose databases may be emptied: `BENCH_REDIS_URL`.
    #[arg(skip)]
    pub redis_url: String,
    /// The server, built in release
    #[arg(long)]
    pub server: PathBuf,
    /// The tool that fills databases
    #[arg(long)]
    pub seed: PathBuf,
    /// The load generator
    #[arg(long, default_value = "wrk")]
    pub wrk: PathBuf,
    /// The static server
    #[arg(long, default_value = "nginx")]
    pub nginx: PathBuf,
    /// The benchmark of PostgreSQL; words before the last say how to come by it
    #[arg(long, default_value = "pgbench", value_delimiter = ' ')]
    pub pgbench: Vec<String>,
    /// About two minutes: less data, shorter times, one round
    #[arg(long)]
    pub quick: bool,
    /// Only the workloads with this in their names, and nothing else
    #[arg(long, value_name = "PART OF A NAME")]
    pub only: Option<String>,
    /// An earlier bench.json to compare with
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// The folder that the report is written to
    #[arg(long, default_value = "target/bench")]
    pub output: PathBuf,
    /// Also write the table and the plots into this folder's performance.md
    #[arg(long, value_name = "FOLDER")]
    pub publish: Option<PathBuf>,
    /// Where the server's log goes; nowhere by default, since a disc that fills is no part of what is measured
    #[arg(long, value_name = "FILE")]
    pub server_log: Option<PathBuf>,
    /// Measure also on a PostgreSQL that does not wait for its disc
    #[arg(long)]
    pub allow_unsafe_database: bool,
}

impl Options {
    /// With the addresses that the environment names.
    ///
    /// # Errors
    /// When it names none.
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
    /// The answer, as JSON
    #[arg(long)]
    pub answer: PathBuf,
    /// Where to listen on loopback
    #[arg(long)]
    pub port: u16,
}

/// How much is measured, and for how long.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Effort {
    /// Connections of the load, and of `pgbench`.
    pub connections: u16,
    /// Before the clock runs, in seconds.
    pub warm_up: u64,
    /// While it runs, in seconds.
    pub duration: u64,
    /// How often each workload and its ceilings are measured, by turns.
    pub rounds: usize,
    /// Posts in the database that most is measured on.
    pub posts: usize,
    /// Starts of the server, for the time that one takes.
    pub starts: usize,
}

impl Effort {
    /// What the figures in the documentation were measured with.
    pub const FULL: Self = Self { connections: 64, warm_up: 3, duration: 10, rounds: 3, posts: 100_000, starts: 5 };
    /// What takes two minutes.
    pub const QUICK: Self = Self { connections: 64, warm_up: 1, duration: 2, rounds: 1, posts: 10_000, starts: 3 };

    /// The sizes that the reads are compared at, in posts.
    pub fn sizes(&self) -> &'static [usize] {
        if self.posts >= Self::FULL.posts { &[10_000, 100_000, 1_000_000] } else { &[10_000, 50_000] }
    }

    /// The numbers of connections that the latency is measured at.
    pub fn pressures(&self) -> &'static [u16] {
        if self.posts >= Self::FULL.posts { &[1, 4, 16, 64, 256] } else { &[1, 64] }
    }

    /// For how long a static server is measured: its rate hardly changes.
    pub fn of_a_static_server(&self) -> Duration {
        Duration::from_secs(self.duration.min(self.warm_up.max(1)))
    }

    /// For how long a point of a plot is measured.
    pub fn of_a_point(&self) -> Duration {
        Duration::from_secs((self.duration / 2).max(1))
    }
}
