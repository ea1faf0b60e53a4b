//! PostgreSQL as a [`Service`].

mod binaries;
mod leftovers;

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use rustix::process::{Signal, geteuid};
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _};

use super::purpose::Purpose;
use super::service::{Facts, Program, Service, Wanted};
use crate::install::{Packages, Software};

/// Connections of a started server: many tests run at once, each with a pool.
const MAX_CONNECTIONS: &str = "max_connections=300";

/// Docker's default is 64 MiB, which a parallel query on a large table exceeds.
const SHARED_MEMORY: u64 = 256 * 1024 * 1024;

/// Users that may run a server if the caller is root, which PostgreSQL rejects. The first existing one is used.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

const FACTS: Facts = Facts {
    software: Software {
        name: "PostgreSQL",
        packages: Packages { apt: "postgresql", dnf: "postgresql-server", apk: "postgresql", brew: "postgresql@17" },
        otherwise: "start a Docker engine, or name a server whose role may create databases and set \
                    deadlock_timeout: TEST_DATABASE_URL=postgresql://user:password@host:5432/postgres",
    },
    variable: "TEST_DATABASE_URL",
    oldest: binaries::OLDEST,
    image: "postgres",
    port: 5432,
    // Immediate shutdown, which leaves no shared memory behind.
    stop: Signal::QUIT,
    leftovers: "databases",
};

/// A started server is a new cluster, whose role may create databases.
pub(crate) struct Postgres;

impl Postgres {
    /// A program that belongs to the machine's own server.
    pub(crate) fn beside_server(name: &str) -> Option<PathBuf> {
        Some(binaries::find()?.folder.join(name)).filter(|program| program.is_file())
    }
}

#[async_trait]
impl Service for Postgres {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn installed(&self) -> Option<Program> {
        let programs = binaries::find()?;
        Some(Program { path: programs.folder.join("postgres"), version: programs.version.to_string() })
    }

    fn url(&self, place: &str, password: &str) -> String {
        format!("postgresql://postgres:{password}@{place}/postgres")
    }

    fn container(&self, request: ContainerRequest<GenericImage>, wanted: &Wanted) -> ContainerRequest<GenericImage> {
        request
            .with_env_var("POSTGRES_PASSWORD", &wanted.password)
            .with_cmd(settings(wanted.purpose).flat_map(|setting| ["-c", setting]))
            .with_shm_size(SHARED_MEMORY)
    }

    fn prepare(&self, program: &Program, folder: &Path, port: u16, wanted: &Wanted) -> Result<Command> {
        let owner = geteuid().is_root().then(Owner::stand_in).transpose()?;
        let password = folder.join("password");
        std::fs::write(&password, &wanted.password)?;
        if let Some(Owner { user, group }) = owner {
            chown(folder, Some(user), Some(group))?;
            chown(&password, Some(user), Some(group))?;
        }
        let command = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(folder);
            if let Some(Owner { user, group }) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        let mut initdb = command(&program.path.with_file_name("initdb"));
        initdb.args(["--pgdata=data", "--username=postgres", "--pwfile=password", "--auth=scram-sha-256"]);
        succeed(initdb.args(["--encoding=UTF8", "--no-locale", "--no-sync"]))?;
        let mut server = command(&program.path);
        // The socket is in the data folder.
        server.args(["-D", "data", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=."]);
        server.arg("-c").arg(format!("port={port}")).args(settings(wanted.purpose).flat_map(|setting| ["-c", setting]));
        Ok(server)
    }

    async fn check(&self, url: &str) -> Result<()> {
        leftovers::check_role(url).await
    }

    async fn drop_leftovers(&self, url: &str) -> Result<()> {
        leftovers::drop_leftovers(url).await
    }
}

/// Data of tests need not survive the run, so it is not flushed to disc. Benchmarks measure durable writes, with
/// memory for the data and for the log between two checkpoints.
fn settings(purpose: Purpose) -> impl Iterator<Item = &'static str> {
    let settings: &[_] = match purpose {
        Purpose::Tests => &["fsync=off", "full_page_writes=off"],
        Purpose::Benchmarks => {
            &["fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=1GB", "max_wal_size=4GB"]
        }
    };
    settings.iter().copied().chain([MAX_CONNECTIONS])
}

/// Runs `command`; if it fails, the error contains its output.
fn succeed(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    bail!("{} ended with {}: {}", command.get_program().display(), output.status, said.trim())
}

/// The user that runs the server, if it is not the caller.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// An unprivileged user of this machine.
    fn stand_in() -> Result<Self> {
        let id = |option: &str, name: &str| -> Option<u32> {
            let output =
                Command::new("id").args([option, name]).output().ok().filter(|output| output.status.success())?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        STAND_INS
            .iter()
            .find_map(|name| Some(Self { user: id("-u", name)?, group: id("-g", name)? }))
            .context("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as")
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, settings};

    #[test]
    fn benchmarks_measure_durable_writes() {
        assert!(settings(Purpose::Benchmarks).any(|setting| setting == "fsync=on"));
        assert!(settings(Purpose::Tests).any(|setting| setting == "fsync=off"));
    }
}
