//! Servers for test suites and benchmarks, wherever they can be had.
//!
//! Callers [`find`] a server and [stop](Server::stop) it. What differs between servers is a [`Service`], in a file of its
//! own. Another server is one more file, and a place in [`ALL`].

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

/// What the test suites need.
pub(crate) const ALL: [&dyn Service; 2] = [&Postgres, &Redis];

/// A server, and what it takes to stop it.
pub(crate) struct Server {
    service: &'static dyn Service,
    url: String,
    kind: Kind,
}

/// Whose a server is.
enum Kind {
    /// Somebody else's.
    Lent,
    Container(Container),
    Process(Process),
}

impl Server {
    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What is known of its kind.
    pub(crate) fn facts(&self) -> &'static Facts {
        self.service.facts()
    }

    /// Whether it stays when this command is done.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self.kind, Kind::Lent)
    }

    /// Removes what tests made and could not remove, because they failed or were killed.
    pub(crate) async fn drop_leftovers(&self) -> Result<()> {
        self.service.drop_leftovers(&self.url).await
    }

    /// Stops a server that this command started, and removes what it kept. Dropping does the same.
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
/// 2. a container, or a process of the machine's own programs: the purpose says which is tried first;
/// 3. a process of programs that are installed for it.
///
/// A step that fails says why before the next is tried. Do not drop the future half-way, or a container may stay: it
/// observes `interrupt` by itself.
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
    // Also after a failure: what could not be set up may still run.
    match machine_server(service, &wanted).await {
        Some(server) => Ok(server),
        None => installed.and_then(|()| Err(install::advice(&facts.software))),
    }
}

/// A container, where a Docker engine runs.
async fn container_server(service: &'static dyn Service, wanted: &Wanted) -> Option<Server> {
    match container::start(service, wanted).await {
        Ok((container, url)) => Some(Server { service, url, kind: Kind::Container(container) }),
        Err(why) => {
            eprintln!("no container: {why:#}");
            None
        }
    }
}

/// A process of the programs that are installed on this machine.
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
