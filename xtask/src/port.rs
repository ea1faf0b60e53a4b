//! Ports for servers of ours.

use std::net::TcpListener;

use anyhow::{Context as _, Result};

/// Somebody may take the free port before the server does.
pub(crate) const ATTEMPTS: usize = 3;

/// A port that is free now.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
