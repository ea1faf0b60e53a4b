//! Where the checkout is.

use std::path::PathBuf;

/// The folder that holds the workspace's `Cargo.toml`.
///
/// Asked of cargo at run time: two checkouts may share one target folder, and with it this executable.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut root = PathBuf::from(manifest);
    root.pop();
    root
}
