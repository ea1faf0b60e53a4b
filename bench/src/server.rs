//! The server that is measured: the executable that is shipped, configured as for production.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::tools::free_port;

/// How long it may take to start, with migrations.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to start it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The executable.
    pub program: PathBuf,
    /// PostgreSQL.
    pub database_url: String,
    /// Redis.
    pub redis_url: String,
    /// What tokens are signed with.
    pub signing_key: String,
    /// Where its log goes.
    pub log: Option<PathBuf>,
}

/// A running server. Dropping it kills it.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub host: String,
    /// How long it took until it could serve.
    pub started_in: Duration,
    _folder: TempDir,
}

/// How much memory it has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// At most so far.
    pub peak: u64,
}

impl Server {
    /// Starts one and waits until it can serve.
    ///
    /// # Errors
    /// When it ends, or does not get ready.
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
            // Nothing of the caller's configuration: neither variables nor a file .env.
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
                bail!("the server ended with {status}; --server-log FILE keeps what it says");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server is not ready after {} s; --server-log FILE keeps what it says", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How much memory it has; nothing where the system does not say.
    pub fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id()?.to_string()).join("status"));
        memory(&status.ok()?)
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it does not.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await.context("the server does not stop")??;
        Ok(())
    }

    /// Ends it at once, where nobody cares how; what it told Redis of itself stays there.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Reads `/proc/…/status`.
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
    fn reads_what_the_system_says_of_memory() {
        let status = "Name:\tthoughts\nVmHWM:\t   40000 kB\nVmRSS:\t   30000 kB\nThreads:\t9\n";
        assert_eq!(memory(status), Some(Memory { resident: 30_000 * 1024, peak: 40_000 * 1024 }));
        assert_eq!(memory("Name:\tzombie\n"), None);
    }
}
