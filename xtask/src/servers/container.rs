//! A server in a container, where a Docker engine runs.

use std::time::Duration;

use anyhow::{Context as _, Result};
use testcontainers::core::IntoContainerPort as _;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, Image};

use crate::image::Image as Named;

/// Enough to load the image over a slow line; an engine that does not answer must not hold the tests for ever.
const PATIENCE: Duration = Duration::from_mins(5);

/// A running container. Dropping it removes it.
pub(crate) struct Container<I: Image> {
    running: Box<ContainerAsync<I>>,
    image: Named,
    url: String,
}

impl<I: Image> Container<I> {
    /// Starts a container of `image`; `url` makes the address of the server from the host and port that `port` of the
    /// container is published at.
    pub(crate) async fn start(
        image: Named,
        request: impl AsyncRunner<I>,
        port: u16,
        url: impl FnOnce(String) -> String,
    ) -> Result<Self> {
        let container = tokio::time::timeout(PATIENCE, Box::pin(request.start()))
            .await
            .with_context(|| format!("{image} did not start within {} s", PATIENCE.as_secs()))??;
        let host = container.get_host().await?;
        let port = container.get_host_port_ipv4(port.tcp()).await?;
        Ok(Self { running: Box::new(container), image, url: url(format!("{host}:{port}")) })
    }

    /// Where the server in it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it was made of.
    pub(crate) fn image(&self) -> &Named {
        &self.image
    }

    /// Removes the container with all its data.
    pub(crate) async fn stop(self) {
        if let Err(error) = self.running.rm().await {
            eprintln!("cannot remove the container: {error}");
        }
    }
}
