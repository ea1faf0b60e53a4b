//! A cache folder for files that the chores create. `cargo clean` removes it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;
use toolkit::root;

/// The folder `name` in the cache, which is created if it is missing.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let metadata = MetadataCommand::new().no_deps().current_dir(root()).exec().context("cargo does not answer")?;
    let folder = metadata.target_directory.into_std_path_buf().join("xtask").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
