//! Load from an address of its own.

use std::time::Duration;

use anyhow::Result;

use super::{Compose, LIMIT, Service};

/// A flood ends by itself, whatever becomes of the test.
const ENDS_AFTER: u32 = 60;

/// Connections of each kind of request.
const CONNECTIONS: u32 = 24;

/// A container in the stack's network that asks Nginx for all it can get: no other container has its address.
pub(crate) struct Flood {
    compose: Compose,
    container: String,
}

impl Flood {
    /// Begins to log in with `guess`, and to read `path`.
    pub(super) async fn begin(compose: &Compose, guess: &str, path: &str) -> Result<Self> {
        // One process a kind: it sends the same on all its connections. The fragment, which is not sent, counts.
        let curl =
            format!("timeout {ENDS_AFTER} curl --silent --output /dev/null --parallel --parallel-max {CONNECTIONS}");
        let gateway = "http://nginx:8080";
        let script = format!(
            "{curl} --header 'Content-Type: application/json' --data '{guess}' '{gateway}/v1/sessions#[1-1000000]' & \
             {curl} '{gateway}{path}#[1-1000000]' & wait"
        );
        let (network, nginx) = (compose.network(), compose.container(Service::Nginx));
        // The image of Nginx has curl, and is there.
        let image = compose.engine(&["inspect", "--format", "{{.Config.Image}}", &nginx], LIMIT).await?;
        let args = ["run", "--detach", "--rm", "--init", "--network", &network, "--entrypoint", "/bin/sh", &image];
        let container = compose.engine(&[&args[..], &["-c", &script]].concat(), LIMIT).await?;
        Ok(Self { compose: compose.clone(), container })
    }

    /// Ends it.
    pub(crate) async fn end(self) -> Result<()> {
        self.compose.engine(&["rm", "--force", &self.container], Duration::from_secs(30)).await.map(drop)
    }
}
