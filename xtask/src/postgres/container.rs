//! PostgreSQL in a container, where a Docker engine runs.

use std::time::Duration;

use anyhow::{Context as _, Result};
use testcontainers::core::IntoContainerPort as _;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ImageExt as _};
use testcontainers_modules::postgres::Postgres;

use super::{MAX_CONNECTIONS, secret};

/// The image, as one would name it to Docker.
pub(crate) const IMAGE: &str = "postgres:17";
const TAG: &str = "17";

/// Enough to load the image over a slow line; an engine that does not answer must not hold the tests for ever.
const PATIENCE: Duration = Duration::from_mins(5);

/// Docker gives 64 MiB, which a parallel query over a large table outgrows.
const SHARED_MEMORY: u64 = 256 * 1024 * 1024;

/// A running container. Dropping it removes it.
pub(crate) struct Container {
    container: Box<ContainerAsync<Postgres>>,
    url: String,
}

impl Container {
    /// Where the server in it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Removes the container with all its data.
    pub(crate) async fn stop(self) {
        if let Err(error) = self.container.rm().await {
            eprintln!("cannot remove the container: {error}");
        }
    }
}

/// Starts a container.
pub(crate) async fn start() -> Result<Container> {
    let password = secret::password()?;
    let request = Postgres::default()
        .with_password(&password)
        .with_tag(TAG)
        // Nothing in it outlives the run, so nothing needs to reach the disk.
        .with_cmd([
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            &format!("max_connections={MAX_CONNECTIONS}"),
        ])
        .with_shm_size(SHARED_MEMORY);
    let container = tokio::time::timeout(PATIENCE, Box::pin(request.start()))
        .await
        .with_context(|| format!("{IMAGE} did not start within {} s", PATIENCE.as_secs()))??;
    let host = container.get_host().await?;
    let port = container.get_host_port_ipv4(5432.tcp()).await?;
    Ok(Container {
        container: Box::new(container),
        url: format!("postgresql://postgres:{password}@{host}:{port}/postgres"),
    })
}
