//! What differs from one server to another.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use async_trait::async_trait;
use rustix::process::Signal;
use testcontainers::{ContainerRequest, GenericImage};

use super::purpose::Purpose;
use crate::install::Software;

/// What is known of a server before there is one.
pub(crate) struct Facts {
    /// What it is called, and how it is installed.
    pub(crate) software: Software,
    /// The variable that names one to use.
    pub(crate) variable: &'static str,
    /// The oldest major version that will do.
    pub(crate) oldest: u32,
    /// What its image is called in `docker-compose.yml`.
    pub(crate) image: &'static str,
    /// The port that it listens on in a container.
    pub(crate) port: u16,
    /// What ends its process. Nothing in it outlives the run: it need not stop tidily.
    pub(crate) stop: Signal,
    /// What tests make in it.
    pub(crate) leftovers: &'static str,
}

/// A server program on this machine.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// As it says itself.
    pub(crate) version: String,
}

/// A server that is to be started.
pub(crate) struct Wanted {
    pub(crate) password: String,
    pub(crate) purpose: Purpose,
}

/// A kind of server.
#[async_trait]
pub(crate) trait Service: Send + Sync {
    /// What is known of all its servers.
    fn facts(&self) -> &'static Facts;

    /// The best program on this machine, if one is new enough.
    fn installed(&self) -> Option<Program>;

    /// The address of a server of ours at `place`, a host and a port.
    fn url(&self, place: &str, password: &str) -> String;

    /// Adds settings to the request for a container.
    fn container(&self, request: ContainerRequest<GenericImage>, wanted: &Wanted) -> ContainerRequest<GenericImage>;

    /// Prepares `folder`, which is empty, and answers the command that serves from there.
    fn prepare(&self, program: &Program, folder: &Path, port: u16, wanted: &Wanted) -> Result<Command>;

    /// Fails unless the server at `url` answers and may be used by tests.
    async fn check(&self, url: &str) -> Result<()>;

    /// Removes what tests made on the server at `url` and could not remove.
    async fn drop_leftovers(&self, url: &str) -> Result<()>;
}
