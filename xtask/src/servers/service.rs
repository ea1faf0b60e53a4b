//! The interface of a kind of server.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use async_trait::async_trait;
use rustix::process::Signal;
use testcontainers::{ContainerRequest, GenericImage};

use super::purpose::Purpose;
use crate::install::Software;

/// Static facts about a kind of server.
pub(crate) struct Facts {
    /// Its name and its packages.
    pub(crate) software: Software,
    /// The environment variable with the URL of a server to use.
    pub(crate) variable: &'static str,
    /// The oldest supported major version.
    pub(crate) oldest: u32,
    /// The name of its image in `docker-compose.yml`.
    pub(crate) image: &'static str,
    /// The port in a container.
    pub(crate) port: u16,
    /// The signal that ends its process. Its data does not survive the run, so it need not shut down cleanly.
    pub(crate) stop: Signal,
    /// What tests create in it, for messages.
    pub(crate) leftovers: &'static str,
}

/// A server program on this machine.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// As reported by the program.
    pub(crate) version: String,
}

/// A server to start.
pub(crate) struct Wanted {
    pub(crate) password: String,
    pub(crate) purpose: Purpose,
}

/// A kind of server.
#[async_trait]
pub(crate) trait Service: Send + Sync {
    fn facts(&self) -> &'static Facts;

    /// The best program on this machine, if one is new enough.
    fn installed(&self) -> Option<Program>;

    /// The URL of a started server at `place`, a host and a port.
    fn url(&self, place: &str, password: &str) -> String;

    /// Adds settings to the request for a container.
    fn container(&self, request: ContainerRequest<GenericImage>, wanted: &Wanted) -> ContainerRequest<GenericImage>;

    /// Prepares `folder`, which is empty, and returns the command that serves from it.
    fn prepare(&self, program: &Program, folder: &Path, port: u16, wanted: &Wanted) -> Result<Command>;

    /// Fails unless the server at `url` answers and tests may use it.
    async fn check(&self, url: &str) -> Result<()>;

    /// Removes what tests created on the server at `url` and could not remove.
    async fn drop_leftovers(&self, url: &str) -> Result<()>;
}
