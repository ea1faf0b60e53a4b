//! What belongs to the stack is called: two checkouts that share an engine must not remove each other's.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// How many bytes of the hash are enough to tell checkouts apart.
const BYTES: usize = 4;

/// A short name for a checkout, by where it is.
pub(super) fn checkout(root: &Path) -> String {
    // However it was reached, it is the same.
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    Sha256::digest(root.as_os_str().as_bytes()).iter().take(BYTES).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The compose project of a checkout, apart from whatever else runs from it.
pub(super) fn project(checkout: &str) -> String {
    format!("thoughts-cluster-test-{checkout}")
}

/// The tag of a checkout's image.
pub(super) fn image_tag(checkout: &str) -> String {
    format!("cluster-test-{checkout}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_keeps_its_name_and_another_has_another() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = checkout(here.path());
        assert!(name.len() == 2 * BYTES && name.chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(checkout(&here.path().join(".")), name);
        assert_ne!(checkout(there.path()), name);
    }
}
