//! The measured server: the released executable in production configuration.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::tools::free_port;

/// Time limit of a start, with migrations.
const PATIENCE: Duration = Duration::from_mins(1);

/// The configuration of a server.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Path of the executable.
    pub program: PathBuf,
    /// URL of PostgreSQL.
    pub database_url: String,
    /// URL of Redis.
    pub redis_url: String,
    /// Key that signs the tokens.
    pub signing_key: String,
    /// File for the log; `None` discards it.
    pub log: Option<PathBuf>,
}

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    /// Host and port.
    pub host: String,
    /// Time from start to ready.
    pub started_in: Duration,
    _folder: TempDir,
}

/// Memory of a process in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Resident memory now.
    pub resident: u64,
    /// Peak resident memory.
    pub peak: u64,
}

impl Server {
    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// If it exits or does not become ready.
    pub async fn start(setting: &Setting) -> Result<Self> {
        let port = free_port()?;
        let folder = tempfile::Builder::new().prefix("thoughts-server-").tempdir()?;
        let log = match &setting.log {
            Some(file) => File::options().create(true).append(true).open(file)?.into(),
            None => Stdio::null(),
        };
        let program = std::fs::canonicalize(&setting.program)
            .with_context(|| format!("no server at {}", setting.program.display()))?;
        let host = format!("127.0.0.1:{port}");
        let began = Instant::now();
        let child = Command::new(program)
            // The caller's configuration is not inherited: neither variables nor a file `.env`.
            .env_clear()
            .current_dir(folder.path())
            .envs([("APP_ENV", "production"), ("DATABASE_MIGRATE", "true")])
            .envs([("RATE_LIMIT", "off"), ("LOG_FORMAT", "json"), ("ACCESS_TOKEN_TTL", "12h")])
            .env("PORT", port.to_string())
            .env("SIGNING_KEY", &setting.signing_key)
            .env("DATABASE_URL", &setting.database_url)
            .env("REDIS_URL", &setting.redis_url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", setting.program.display()))?;
        let mut server = Self { child, host, started_in: Duration::ZERO, _folder: folder };
        server.ready(began).await?;
        server.started_in = began.elapsed();
        Ok(server)
    }

    async fn ready(&mut self, began: Instant) -> Result<()> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let place = format!("http://{}/health/ready", self.host);
        loop {
            if http.get(&place).send().await.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}; --server-log FILE keeps its log");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server is not ready after {} s; --server-log FILE keeps its log", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The memory of the server; `None` if the system does not report it.
    pub fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id()?.to_string()).join("status"));
        memory(&status.ok()?)
    }

    /// Stops the server and waits until it has exited.
    ///
    /// # Errors
    /// If it does not exit.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await.context("the server does not stop")??;
        Ok(())
    }

    /// Kills the server. Its registration in Redis stays there.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Parses `/proc/…/status`.
fn memory(status: &str) -> Option<Memory> {
    let of = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024)
    };
    Some(Memory { resident: of("VmRSS:")?, peak: of("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_memory_of_a_process() {
        let status = "Name:\tthoughts\nVmHWM:\t   40000 kB\nVmRSS:\t   30000 kB\nThreads:\t9\n";
        assert_eq!(memory(status), Some(Memory { resident: 30_000 * 1024, peak: 40_000 * 1024 }));
        assert_eq!(memory("Name:\tzombie\n"), None);
    }
}
