//! Load from an address of its own.

use std::time::Duration;

use anyhow::Result;

use super::{Compose, LIMIT, Service};

/// A flood ends after this many seconds, even if the test does not end it.
const ENDS_AFTER: u32 = 60;

/// Connections for each kind of request.
const CONNECTIONS: u32 = 24;

/// A container in the stack's network that floods Nginx. No other container has its address.
pub(crate) struct Flood {
    compose: Compose,
    container: String,
}

impl Flood {
    /// Starts to log in with `guess`, and to read `path`.
    pub(super) async fn begin(compose: &Compose, guess: &str, path: &str) -> Result<Self> {
        // One process per kind, which sends the same request on all its connections. The URL fragment only numbers
        // the requests; it is not sent.
        let curl =
            format!("timeout {ENDS_AFTER} curl --silent --output /dev/null --parallel --parallel-max {CONNECTIONS}");
        let gateway = "http://nginx:8080";
        let script = format!(
            "{curl} --header 'Content-Type: application/json' --data '{guess}' '{gateway}/v1/sessions#[1-1000000]' & \
             {curl} '{gateway}{path}#[1-1000000]' & wait"
        );
        let (network, nginx) = (compose.network(), compose.container(Service::Nginx));
        // The image of Nginx has curl and is present.
        let image = compose.engine(&["inspect", "--format", "{{.Config.Image}}", &nginx], LIMIT).await?;
        let args = ["run", "--detach", "--rm", "--init", "--network", &network, "--entrypoint", "/bin/sh", &image];
        let container = compose.engine(&[&args[..], &["-c", &script]].concat(), LIMIT).await?;
        Ok(Self { compose: compose.clone(), container })
    }

    /// Removes the container.
    pub(crate) async fn end(self) -> Result<()> {
        self.compose.engine(&["rm", "--force", &self.container], Duration::from_secs(30)).await.map(drop)
    }
}
