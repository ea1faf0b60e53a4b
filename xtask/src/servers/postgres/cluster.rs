//! A throw-away cluster of the machine's own PostgreSQL, in a temporary folder.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::MAX_CONNECTIONS;
use super::binaries::Programs;
use crate::port;
use crate::servers::purpose::Purpose;
use crate::servers::secret;

/// Who may run a server where the caller is root, which PostgreSQL refuses; the first that exists.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

/// A cluster. Dropping it stops the server and removes its folder.
pub(crate) struct Cluster {
    url: String,
    pg_ctl: PathBuf,
    owner: Option<Owner>,
    folder: TempDir,
}

/// The user whose server it is, when it is not the caller's.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Where the server is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing in it outlives the run: it need not stop tidily. Nor need it run: a start that failed ends here, too.
        let mut stop = command(&self.pg_ctl, &self.folder, self.owner);
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata=data"]);
        if self.folder.path().join("data/postmaster.pid").exists()
            && let Err(error) = succeed(stop)
        {
            eprintln!("cannot stop the server in {}: {error:#}", self.folder.path().display());
        }
    }
}

/// Makes a cluster and starts its server.
pub(crate) fn start(programs: &Programs, purpose: Purpose) -> Result<Cluster> {
    let owner = rustix::process::geteuid().is_root().then(stand_in).transpose()?;
    let folder = tempfile::Builder::new().prefix("thoughts-postgres-").tempdir()?;
    let password = secret::password()?;
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, &password)?;
    if let Some(Owner { user, group }) = owner {
        chown(folder.path(), Some(user), Some(group))?;
        chown(&password_file, Some(user), Some(group))?;
    }

    let mut initdb = command(&programs.folder.join("initdb"), &folder, owner);
    initdb.args(["--pgdata=data", "--username=postgres", "--pwfile=password", "--auth=scram-sha-256"]);
    initdb.args(["--encoding=UTF8", "--no-locale", "--no-sync"]);
    succeed(initdb)?;

    let mut cluster = Cluster { url: String::new(), pg_ctl: programs.folder.join("pg_ctl"), owner, folder };
    let mut attempt = 1;
    loop {
        let port = port::free()?;
        match succeed(start_command(&cluster, port, purpose)) {
            Ok(()) => {
                cluster.url = format!("postgresql://postgres:{password}@127.0.0.1:{port}/postgres");
                return Ok(cluster);
            }
            Err(_) if attempt < port::ATTEMPTS => attempt += 1,
            Err(error) => {
                let log = std::fs::read_to_string(cluster.folder.path().join("log")).unwrap_or_default();
                return Err(error.context(log));
            }
        }
    }
}

fn start_command(cluster: &Cluster, port: u16, purpose: Purpose) -> Command {
    let mut options = format!(
        "-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=. -c max_connections={MAX_CONNECTIONS}"
    );
    for setting in purpose.postgres_settings() {
        options.push_str(" -c ");
        options.push_str(setting);
    }
    let mut start = command(&cluster.pg_ctl, &cluster.folder, cluster.owner);
    start.args(["start", "--wait", "--timeout=60", "--silent", "--pgdata=data", "--log=log", "--options", &options]);
    start
}

/// A program that is run in the cluster's folder by the cluster's owner.
fn command(program: &PathBuf, folder: &TempDir, owner: Option<Owner>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder.path());
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// Runs `command`; what it printed is the error when it fails.
fn succeed(mut command: Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    bail!("{} ended with {}: {}", command.get_program().display(), output.status, said.trim())
}

/// An unprivileged user of this machine.
fn stand_in() -> Result<Owner> {
    let id = |option: &str, name: &str| -> Option<u32> {
        let output = Command::new("id").args([option, name]).output().ok().filter(|output| output.status.success())?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    STAND_INS
        .iter()
        .find_map(|name| Some(Owner { user: id("-u", name)?, group: id("-g", name)? }))
        .context("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as")
}
