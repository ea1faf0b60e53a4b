//! A Redis for test suites and benchmarks, wherever one can be had.

mod binaries;
mod container;
mod leftovers;
mod throwaway;

use anyhow::{Context as _, Result};
use testcontainers::GenericImage;
use toolkit::Interrupt;

use crate::install::{self, Packages, Software};
use crate::servers::container::Container;
use crate::servers::purpose::{Purpose, Way};
pub(crate) use leftovers::drop_leftovers;

const SOFTWARE: Software = Software {
    name: "Redis",
    packages: Packages { apt: "redis-server", dnf: "redis", apk: "redis", brew: "redis" },
    otherwise: "start a Docker engine, or name a server: TEST_REDIS_URL=redis://:password@host:6379",
};

/// A Redis, and what it takes to stop it.
pub(crate) enum Server {
    /// Somebody else's.
    Lent(String),
    /// A container.
    Container(Container<GenericImage>),
    /// A throw-away process.
    Process(throwaway::Process),
}

impl Server {
    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Lent(url) => url,
            Self::Container(container) => container.url(),
            Self::Process(process) => process.url(),
        }
    }

    /// Whether it stays when this command is done.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent(_))
    }

    /// Stops a server that this command started. Dropping does the same.
    pub(crate) async fn stop(self) {
        match self {
            Self::Lent(_) => {}
            Self::Container(container) => container.stop().await,
            Self::Process(process) => drop(process),
        }
    }
}

/// Finds a server: the one in `TEST_REDIS_URL`; else a container or a process of the machine's own Redis, in the order that
/// the purpose wants; else Redis is installed. A way that fails says why before the next is tried.
///
/// Not to be dropped half-way, lest a container is left behind: it looks at `interrupt` by itself.
pub(crate) async fn find(purpose: Purpose, interrupt: &Interrupt) -> Result<Server> {
    if let Some(url) = std::env::var("TEST_REDIS_URL").ok().filter(|url| !url.is_empty()) {
        let ready = interrupt.guard(leftovers::check(&url)).await;
        ready.context("TEST_REDIS_URL names no server that the tests can use (unset it to have one found)")?;
        eprintln!("using TEST_REDIS_URL");
        return Ok(Server::Lent(url));
    }
    for way in purpose.ways() {
        let server = match way {
            Way::Container => container_server().await.map(Server::Container),
            Way::Machine => machine_server().await.map(Server::Process),
        };
        if let Some(server) = server {
            return Ok(server);
        }
        interrupt.check()?;
    }
    let installed = install::install(&SOFTWARE, interrupt).await;
    interrupt.check()?;
    match machine_server().await {
        Some(server) => Ok(Server::Process(server)),
        None => installed.and_then(|()| Err(install::advice(&SOFTWARE))),
    }
}

/// A container, where a Docker engine runs.
async fn container_server() -> Option<Container<GenericImage>> {
    match container::start().await {
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

/// A process of the Redis that is installed on this machine.
async fn machine_server() -> Option<throwaway::Process> {
    let Some(program) = binaries::find() else {
        eprintln!("no Redis {} or newer on this machine", binaries::OLDEST);
        return None;
    };
    match throwaway::start(&program.path).await {
        Ok(process) => {
            eprintln!("started a throw-away Redis {}", program.version);
            Some(process)
        }
        Err(why) => {
            eprintln!("no Redis {} from {}: {why:#}", program.version, program.path.display());
            None
        }
    }
}
