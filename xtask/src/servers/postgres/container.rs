//! PostgreSQL in a container.

use anyhow::Result;
use testcontainers::ImageExt as _;
use testcontainers_modules::postgres::Postgres;

use super::MAX_CONNECTIONS;
use crate::image::Image;
use crate::servers::container::Container;
use crate::servers::purpose::Purpose;
use crate::servers::secret;

/// What the image is called.
pub(crate) const IMAGE: &str = "postgres";
const PORT: u16 = 5432;

/// Docker gives 64 MiB, which a parallel query over a large table outgrows.
const SHARED_MEMORY: u64 = 256 * 1024 * 1024;

/// Starts a container.
pub(crate) async fn start(purpose: Purpose) -> Result<Container<Postgres>> {
    let image = Image::of_compose(IMAGE)?;
    let password = secret::password()?;
    let connections = format!("max_connections={MAX_CONNECTIONS}");
    let settings = purpose.postgres_settings().iter().copied().chain([connections.as_str()]);
    let request = Postgres::default()
        .with_password(&password)
        .with_tag(&image.tag)
        .with_cmd(settings.flat_map(|setting| ["-c", setting]))
        .with_shm_size(SHARED_MEMORY);
    Container::start(image, request, PORT, |place| format!("postgresql://postgres:{password}@{place}/postgres")).await
}
