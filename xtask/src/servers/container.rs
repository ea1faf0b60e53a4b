//! A server in a container.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use testcontainers::core::IntoContainerPort as _;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage};

use super::service::{Service, Wanted};
use crate::image::Image;

/// Enough to pull the image over a slow line; an engine that does not respond must not block the tests forever.
const PATIENCE: Duration = Duration::from_mins(5);

/// Time limit for the server in the container to answer.
const START: Duration = Duration::from_mins(1);

/// A running container. Dropping it removes it.
pub(super) struct Container(Box<ContainerAsync<GenericImage>>);

impl Container {
    /// Removes the container with all its data.
    pub(super) async fn stop(self) {
        if let Err(error) = self.0.rm().await {
            eprintln!("cannot remove the container: {error}");
        }
    }

    /// Waits until the server at `url` answers.
    async fn answers(&self, service: &dyn Service, url: &str) -> Result<()> {
        let begun = Instant::now();
        while let Err(error) = service.check(url).await {
            if begun.elapsed() > START || !self.0.is_running().await? {
                let log = self.0.stderr_to_vec().await?;
                bail!("{error:#}: {}", String::from_utf8_lossy(&log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Starts a container, and returns the URL of its server.
pub(super) async fn start(service: &dyn Service, wanted: &Wanted) -> Result<(Container, String)> {
    let facts = service.facts();
    let image = Image::of_compose(facts.image)?;
    eprintln!("starting a container of {image}; the engine fetches the image if it is missing");
    let request = GenericImage::new(&image.name, &image.tag).with_exposed_port(facts.port.tcp());
    let request = service.container(request.into(), wanted);
    let running = tokio::time::timeout(PATIENCE, Box::pin(request.start()))
        .await
        .with_context(|| format!("{image} did not start within {} s", PATIENCE.as_secs()))??;
    let (host, port) = (running.get_host().await?, running.get_host_port_ipv4(facts.port.tcp()).await?);
    let (container, url) = (Container(Box::new(running)), service.url(&format!("{host}:{port}"), &wanted.password));
    if let Err(error) = container.answers(service, &url).await {
        container.stop().await;
        return Err(error);
    }
    Ok((container, url))
}
