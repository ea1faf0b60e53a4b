//! Finds or starts servers for test suites and benchmarks.
//!
//! Callers [`find`] a server and [stop](Server::stop) it. Differences between servers are behind [`Service`], one
//! file each. A new server is one more file and one more entry in [`ALL`].

mod container;
mod postgres;
mod purpose;
mod redis;
mod secret;
mod service;
mod throwaway;

use anyhow::{Context as _, Result};
use toolkit::Interrupt;

use self::container::Container;
pub(crate) use self::postgres::Postgres;
pub(crate) use self::purpose::Purpose;
use self::purpose::Way;
pub(crate) use self::redis::Redis;
pub(crate) use self::service::Service;
use self::service::{Facts, Wanted};
use self::throwaway::Process;
use crate::install;

/// The servers that the test suites need.
pub(crate) const ALL: [&dyn Service; 2] = [&Postgres, &Redis];

/// A running server, and how to stop it.
pub(crate) struct Server {
    service: &'static dyn Service,
    url: String,
    kind: Kind,
}

/// Who runs a server.
enum Kind {
    /// Another party; this command must not stop it.
    Lent,
    Container(Container),
    Process(Process),
}

impl Server {
    /// The URL of the server.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The facts of its service.
    pub(crate) fn facts(&self) -> &'static Facts {
        self.service.facts()
    }

    /// Whether it keeps running after this command.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self.kind, Kind::Lent)
    }

    /// Removes what tests created and could not remove, because they failed or were killed.
    pub(crate) async fn drop_leftovers(&self) -> Result<()> {
        self.service.drop_leftovers(&self.url).await
    }

    /// Stops a server that this command started, and removes its data. Dropping it does the same.
    pub(crate) async fn stop(self) {
        match self.kind {
            Kind::Lent => {}
            Kind::Container(container) => container.stop().await,
            Kind::Process(process) => drop(process),
        }
    }
}

/// Finds a server, in this order:
///
/// 1. the one that its variable names;
/// 2. a container, or a process of the machine's own programs, in the order that the purpose prefers;
/// 3. a process of programs that are installed for it.
///
/// A failing step prints its reason before the next one is tried. Do not drop the future, or a container may stay.
/// The function observes `interrupt` itself.
pub(crate) async fn find(service: &'static dyn Service, purpose: Purpose, interrupt: &Interrupt) -> Result<Server> {
    let facts = service.facts();
    let variable = facts.variable;
    if let Some(url) = std::env::var(variable).ok().filter(|url| !url.is_empty()) {
        let ready = interrupt.guard(service.check(&url)).await;
        ready.with_context(|| {
            format!("{variable} names no server that the tests can use (unset it to have one found)")
        })?;
        eprintln!("using {variable}");
        return Ok(Server { service, url, kind: Kind::Lent });
    }
    let wanted = Wanted { password: secret::password()?, purpose };
    for way in purpose.ways() {
        let server = match way {
            Way::Container => container_server(service, &wanted).await,
            Way::Machine => machine_server(service, &wanted).await,
        };
        if let Some(server) = server {
            return Ok(server);
        }
        interrupt.check()?;
    }
    let installed = install::install(&facts.software, interrupt).await;
    interrupt.check()?;
    // Also after a failed set-up: the programs may work nevertheless.
    match machine_server(service, &wanted).await {
        Some(server) => Ok(server),
        None => installed.and_then(|()| Err(install::advice(&facts.software))),
    }
}

/// A server in a container, if a Docker engine runs.
async fn container_server(service: &'static dyn Service, wanted: &Wanted) -> Option<Server> {
    match container::start(service, wanted).await {
        Ok((container, url)) => Some(Server { service, url, kind: Kind::Container(container) }),
        Err(why) => {
            eprintln!("no container: {why:#}");
            None
        }
    }
}

/// A process of the programs installed on this machine.
async fn machine_server(service: &'static dyn Service, wanted: &Wanted) -> Option<Server> {
    let facts = service.facts();
    let name = facts.software.name;
    let Some(program) = service.installed() else {
        eprintln!("no {name} {} or newer on this machine", facts.oldest);
        return None;
    };
    match throwaway::start(service, &program, wanted).await {
        Ok((process, url)) => {
            eprintln!("started a throw-away {name} {}", program.version);
            Some(Server { service, url, kind: Kind::Process(process) })
        }
        Err(why) => {
            eprintln!("no {name} {} from {}: {why:#}", program.version, program.path.display());
            None
        }
    }
}
