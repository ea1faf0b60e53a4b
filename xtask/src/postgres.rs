//! A PostgreSQL server for the test suites, wherever one can be had.

mod binaries;
mod cluster;
mod container;
mod leftovers;

use anyhow::{Context as _, Result};
use testcontainers_modules::postgres::Postgres;

use crate::install::{self, Packages, Software};
use crate::interrupt::Interrupt;
pub(crate) use leftovers::drop_leftovers;

/// Connections that a server of ours accepts: many tests run at once, each with a pool.
const MAX_CONNECTIONS: u16 = 300;

const SOFTWARE: Software = Software {
    name: "PostgreSQL",
    packages: Packages { apt: "postgresql", dnf: "postgresql-server", apk: "postgresql", brew: "postgresql@17" },
    otherwise: "name a server whose role may create databases: \
                TEST_DATABASE_URL=postgresql://user:password@host:5432/postgres",
};

/// A PostgreSQL server, and what it takes to stop it.
pub(crate) enum Server {
    /// Somebody else's.
    Lent(String),
    /// A container.
    Container(crate::container::Container<Postgres>),
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

/// Finds a server: the one in `TEST_DATABASE_URL`; else a container; else a cluster of the machine's own PostgreSQL,
/// which is installed if need be. A way that fails says why before the next is tried.
///
/// Not to be dropped half-way, lest a container is left behind: it looks at `interrupt` by itself.
pub(crate) async fn find(interrupt: &Interrupt) -> Result<Server> {
    if let Some(url) = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty()) {
        let ready = interrupt.guard(leftovers::check_role(&url)).await;
        ready.context("TEST_DATABASE_URL names no server that the tests can use (unset it to have one found)")?;
        eprintln!("using TEST_DATABASE_URL");
        return Ok(Server::Lent(url));
    }
    match container::start().await {
        Ok(container) => {
            eprintln!("started a container of {}", container::IMAGE);
            return Ok(Server::Container(container));
        }
        Err(why) => eprintln!("no container: {why:#}"),
    }
    interrupt.check()?;
    if let Some(server) = machine_server() {
        return Ok(Server::Cluster(server));
    }
    interrupt.check()?;
    let installed = install::install(&SOFTWARE, interrupt).await;
    interrupt.check()?;
    // Also after a failure: what could not be set up may still run.
    match machine_server() {
        Some(server) => Ok(Server::Cluster(server)),
        None => installed.and_then(|()| Err(install::advice(&SOFTWARE))),
    }
}

/// A cluster of the PostgreSQL that is installed on this machine.
fn machine_server() -> Option<cluster::Cluster> {
    let Some(programs) = binaries::find() else {
        eprintln!("no PostgreSQL {} or newer on this machine", binaries::OLDEST);
        return None;
    };
    match cluster::start(&programs) {
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
