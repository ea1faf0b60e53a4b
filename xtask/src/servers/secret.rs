//! A random password for one run.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result};

/// A password that other users of the machine cannot guess: a superuser may run programs as the server's user.
pub(crate) fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("no randomness")?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
