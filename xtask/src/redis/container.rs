//! Redis in a container.

use anyhow::Result;
use testcontainers::core::{IntoContainerPort as _, WaitFor};
use testcontainers::{GenericImage, ImageExt as _};

use crate::container::Container;
use crate::secret;

/// The image, as one would name it to Docker.
pub(crate) const IMAGE: &str = "redis:8";
const NAME: &str = "redis";
const TAG: &str = "8";
const PORT: u16 = 6379;

/// Starts a container.
pub(crate) async fn start() -> Result<Container<GenericImage>> {
    let password = secret::password()?;
    let request = GenericImage::new(NAME, TAG)
        .with_exposed_port(PORT.tcp())
        .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"))
        .with_cmd(["redis-server", "--save", "", "--appendonly", "no", "--requirepass", &password]);
    Container::start(IMAGE, request, PORT, |place| format!("redis://:{password}@{place}")).await
}
