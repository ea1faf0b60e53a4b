//! Free ports for started servers.

use std::net::TcpListener;

use anyhow::{Context as _, Result};

/// Attempts to start a server, because another process may take the free port first.
pub(crate) const ATTEMPTS: usize = 3;

/// A port that is free at this moment.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
