//! Where the checkout is.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace's `Cargo.lock`.
///
/// Asked of cargo at run time: two checkouts may share one target folder, and with it this executable.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = Path::new(&manifest);
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(package).to_owned()
}
