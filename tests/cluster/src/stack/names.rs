//! Names of the stack's parts. Two checkouts that share an engine must not remove each other's.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Bytes of the hash, enough to distinguish checkouts.
const BYTES: usize = 4;

/// A short name for a checkout, derived from its path.
pub(super) fn checkout(root: &Path) -> String {
    // Symbolic links to the same checkout give the same name.
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    Sha256::digest(root.as_os_str().as_bytes()).iter().take(BYTES).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The compose project of a checkout, different from other projects that run from it.
pub(super) fn project(checkout: &str) -> String {
    format!("thoughts-cluster-test-{checkout}")
}

/// The image tag of a checkout.
pub(super) fn image_tag(checkout: &str) -> String {
    format!("cluster-test-{checkout}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_checkout_has_a_stable_name() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = checkout(here.path());
        assert!(name.len() == 2 * BYTES && name.chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(checkout(&here.path().join(".")), name);
        assert_ne!(checkout(there.path()), name);
    }
}
