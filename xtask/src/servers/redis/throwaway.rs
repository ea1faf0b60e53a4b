//! A throw-away process of the machine's own Redis.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::leftovers;
use crate::port;
use crate::servers::secret;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(15);

/// A process. Dropping it ends it and removes its folder.
pub(crate) struct Process {
    url: String,
    child: Child,
    folder: TempDir,
}

impl Process {
    /// Where the server is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing in it outlives the run: it need not stop tidily.
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("cannot stop the server in {}: {error}", self.folder.path().display());
        }
    }
}

/// Starts a server that keeps nothing on disk.
pub(super) async fn start(program: &Path) -> Result<Process> {
    let mut attempt = 1;
    loop {
        match try_start(program).await {
            Err(_) if attempt < port::ATTEMPTS => attempt += 1,
            started => return started,
        }
    }
}

async fn try_start(program: &Path) -> Result<Process> {
    let port = port::free()?;
    let password = secret::password()?;
    let folder = tempfile::Builder::new().prefix("thoughts-redis-").tempdir()?;
    // In a file, for everybody may read the arguments of a process.
    let configuration = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\nlogfile log\ndir \"{}\"\n",
        folder.path().display()
    );
    std::fs::write(folder.path().join("redis.conf"), configuration)?;
    let child = Command::new(program)
        .arg(folder.path().join("redis.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for the tests; the server goes when they are done.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let mut process = Process { url: format!("redis://:{password}@127.0.0.1:{port}"), child, folder };
    let begun = Instant::now();
    loop {
        let Err(error) = leftovers::check(&process.url).await else { return Ok(process) };
        let status = process.child.try_wait()?;
        if status.is_some() || begun.elapsed() > PATIENCE {
            let log = std::fs::read_to_string(process.folder.path().join("log")).unwrap_or_default();
            bail!("{error:#}: {log}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
