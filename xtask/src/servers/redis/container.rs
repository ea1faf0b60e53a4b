//! Redis in a container.

use anyhow::Result;
use testcontainers::core::{IntoContainerPort as _, WaitFor};
use testcontainers::{GenericImage, ImageExt as _};

use crate::image::Image;
use crate::servers::container::Container;
use crate::servers::secret;

/// What the image is called.
const IMAGE: &str = "redis";
const PORT: u16 = 6379;

/// Starts a container.
pub(crate) async fn start() -> Result<Container<GenericImage>> {
    let image = Image::of_compose(IMAGE)?;
    let password = secret::password()?;
    let request = GenericImage::new(&image.name, &image.tag)
        .with_exposed_port(PORT.tcp())
        .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"))
        .with_cmd(["redis-server", "--save", "", "--appendonly", "no", "--requirepass", &password]);
    Container::start(image, request, PORT, |place| format!("redis://:{password}@{place}")).await
}
