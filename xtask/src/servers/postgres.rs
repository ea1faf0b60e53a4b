//! A PostgreSQL server for test suites and benchmarks, wherever one can be had.

mod binaries;
mod cluster;
mod container;
mod leftovers;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use testcontainers_modules::postgres::Postgres;
use toolkit::Interrupt;

use crate::install::{self, Packages, Software};
use crate::servers::purpose::{Purpose, Way};
pub(crate) use container::IMAGE;
pub(crate) use leftovers::drop_leftovers;

/// Connections that a server of ours accepts: many tests run at once, each with a pool.
const MAX_CONNECTIONS: u16 = 300;

const SOFTWARE: Software = Software {
    name: "PostgreSQL",
    packages: Packages { apt: "postgresql", dnf: "postgresql-server", apk: "postgresql", brew: "postgresql@17" },
    otherwise: "start a Docker engine, or name a server whose role may create databases and set deadlock_timeout: \
                TEST_DATABASE_URL=postgresql://user:password@host:5432/postgres",
};

/// A PostgreSQL server, and what it takes to stop it.
pub(crate) enum Server {
    /// Somebody else's.
    Lent(String),
    /// A container.
    Container(crate::servers::container::Container<Postgres>),
    /// A throw-away cluster.
    Cluster(cluster::Cluster),
}

impl Server {
    /// Where it is, with a role that may create databases.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Lent(url) => url,
            Self::Container(container) => container.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// Whether it stays when this command is done.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent(_))
    }

    /// Stops a server that this command started, and removes what it kept. Dropping does the same.
    pub(crate) async fn stop(self) {
        match self {
            Self::Lent(_) => {}
            Self::Container(container) => container.stop().await,
            Self::Cluster(cluster) => drop(cluster),
        }
    }
}

/// Finds a server: the one in `TEST_DATABASE_URL`; else a container or a cluster of the machine's own PostgreSQL, in the
/// order that the purpose wants; else PostgreSQL is installed. A way that fails says why before the next is tried.
///
/// Not to be dropped half-way, lest a container is left behind: it looks at `interrupt` by itself.
pub(crate) async fn find(purpose: Purpose, interrupt: &Interrupt) -> Result<Server> {
    if let Some(url) = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty()) {
        let ready = interrupt.guard(leftovers::check_role(&url)).await;
        ready.context("TEST_DATABASE_URL names no server that the tests can use (unset it to have one found)")?;
        eprintln!("using TEST_DATABASE_URL");
        return Ok(Server::Lent(url));
    }
    for way in purpose.ways() {
        let server = match way {
            Way::Container => container_server(purpose).await.map(Server::Container),
            Way::Machine => machine_server(purpose).map(Server::Cluster),
        };
        if let Some(server) = server {
            return Ok(server);
        }
        interrupt.check()?;
    }
    let installed = install::install(&SOFTWARE, interrupt).await;
    interrupt.check()?;
    // Also after a failure: what could not be set up may still run.
    match machine_server(purpose) {
        Some(server) => Ok(Server::Cluster(server)),
        None => installed.and_then(|()| Err(install::advice(&SOFTWARE))),
    }
}

/// A program that came with the machine's own PostgreSQL.
pub(crate) fn beside_server(name: &str) -> Option<PathBuf> {
    Some(binaries::find()?.folder.join(name)).filter(|program| program.is_file())
}

/// A container, where a Docker engine runs.
async fn container_server(purpose: Purpose) -> Option<crate::servers::container::Container<Postgres>> {
    match container::start(purpose).await {
        Ok(container) => {
            eprintln!("started a container of {}", container.image());
            Some(container)
        }
        Err(why) => {
            eprintln!("no container: {why:#}");
            None
        }
    }
}

/// A cluster of the PostgreSQL that is installed on this machine.
fn machine_server(purpose: Purpose) -> Option<cluster::Cluster> {
    let Some(programs) = binaries::find() else {
        eprintln!("no PostgreSQL {} or newer on this machine", binaries::OLDEST);
        return None;
    };
    match cluster::start(&programs, purpose) {
        Ok(cluster) => {
            eprintln!("started a throw-away cluster of PostgreSQL {}", programs.version);
            Some(cluster)
        }
        Err(why) => {
            eprintln!("no cluster of PostgreSQL {} in {}: {why:#}", programs.version, programs.folder.display());
            None
        }
    }
}
