//! Memory, start-up time and size of the executable.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::admin;
use crate::server::{Server, Setting};
use crate::statistics::median;

/// Upper bound of the memory at rest, in bytes.
pub const MOST_AT_REST: u64 = 40_000_000;
/// Upper bound of the memory after load, in bytes.
pub const MOST_AFTER_LOAD: u64 = 200_000_000;

/// The server's use of resources.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Footprint {
    /// Memory before the first request, in bytes; `None` if the system does not report it.
    pub at_rest: Option<u64>,
    /// Peak memory under load, in bytes.
    pub peak: Option<u64>,
    /// Memory after all workloads, once the server is idle, in bytes.
    pub after_load: Option<u64>,
    /// Seconds from start to ready, for each start.
    pub starts: Vec<f64>,
    /// Size of the executable in bytes.
    pub executable: u64,
}

impl Footprint {
    /// The median start-up time in seconds.
    pub fn start(&self) -> f64 {
        median(self.starts.iter().copied())
    }
}

/// The size of a file in bytes.
///
/// # Errors
/// If the file does not exist.
pub fn size(file: &Path) -> Result<u64> {
    Ok(std::fs::metadata(file).with_context(|| format!("no file {}", file.display()))?.len())
}

/// Starts the server `times` times and returns the start-up times in seconds.
///
/// # Errors
/// If the server does not start.
pub async fn starts(setting: &Setting, times: usize) -> Result<Vec<f64>> {
    let mut starts = Vec::with_capacity(times);
    for _ in 0..times {
        let server = Server::start(setting).await?;
        starts.push(server.started_in.as_secs_f64());
        server.kill().await?;
        admin::empty_redis(&setting.redis_url).await?;
    }
    Ok(starts)
}
