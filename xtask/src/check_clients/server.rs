//! A server for the generated clients, with an embedded database in a temporary folder.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::port;

/// Time limit for the server to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that runs until this value is dropped.
pub(super) struct Server {
    base: String,
    // Declared first, so that the process is killed before its folder is removed.
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Starts `program` and waits until it is ready.
    pub(super) async fn start(program: &Path) -> Result<Self> {
        let mut outcome = Self::try_start(program).await;
        for _ in 1..port::ATTEMPTS {
            if outcome.is_err() {
                outcome = Self::try_start(program).await;
            }
        }
        outcome
    }

    async fn try_start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = port::free()?;
        // The caller's environment is not inherited: it may name a database or production settings.
        let process = Command::new(program)
            .env_clear()
            .envs([("HOST", "127.0.0.1"), ("PORT", &port.to_string()), ("RUST_LOG", "warn")])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let mut server = Self { base: format!("http://127.0.0.1:{port}"), process, folder };
        server.wait().await?;
        Ok(server)
    }

    async fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let ready = format!("{}/health/ready", self.base);
        while began.elapsed() < PATIENCE {
            if client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended with {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server in {} does not get ready", self.folder.path().display())
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }
}
