//! Finds the checkout.

use std::path::{Path, PathBuf};

/// The folder that contains the workspace's `Cargo.lock`.
///
/// It is read from cargo's environment at run time, because two checkouts may share a target folder and thus this
/// executable.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = Path::new(&manifest);
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(package).to_owned()
}
