//! A server process in a temporary folder, run by the machine's own programs.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::service::{Program, Service, Wanted};
use crate::port;

/// Time limit for the server to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server process. Dropping it ends the process and removes its folder.
pub(super) struct Process {
    child: Child,
    stop: Signal,
    folder: TempDir,
}

impl Process {
    fn end(&mut self) -> io::Result<()> {
        // After the process has ended, its id may belong to another one.
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), self.stop)?;
            self.child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("cannot stop the server in {}: {error}", self.folder.path().display());
        }
    }
}

/// Starts a server, and returns its URL.
pub(super) async fn start(service: &dyn Service, program: &Program, wanted: &Wanted) -> Result<(Process, String)> {
    let mut attempt = 1;
    loop {
        match try_start(service, program, wanted).await {
            Err(_) if attempt < port::ATTEMPTS => attempt += 1,
            started => return started,
        }
    }
}

async fn try_start(service: &dyn Service, program: &Program, wanted: &Wanted) -> Result<(Process, String)> {
    let port = port::free()?;
    let facts = service.facts();
    let folder = tempfile::Builder::new().prefix(&format!("thoughts-{}-", facts.image)).tempdir()?;
    let log = folder.path().join("log");
    let written = File::create(&log)?;
    let child = service
        .prepare(program, folder.path(), port, wanted)?
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(written.try_clone()?)
        .stderr(written)
        // Ctrl-C is for the tests; the server ends after them.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run {}", program.path.display()))?;
    let mut process = Process { child, stop: facts.stop, folder };
    let url = service.url(&format!("127.0.0.1:{port}"), &wanted.password);
    let begun = Instant::now();
    while let Err(error) = service.check(&url).await {
        if process.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
            bail!("{error:#}: {}", std::fs::read_to_string(&log).unwrap_or_default());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((process, url))
}
