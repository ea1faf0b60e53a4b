//! Memory, the time of a start, and the size of the executable.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::admin;
use crate::server::{Server, Setting};
use crate::statistics::median;

/// At rest it is to have less, in bytes.
pub const MOST_AT_REST: u64 = 40_000_000;
/// After load it is to have less, in bytes.
pub const MOST_AFTER_LOAD: u64 = 200_000_000;

/// What the server takes of a machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Footprint {
    /// Memory before the first request, in bytes; nothing where the system does not say.
    pub at_rest: Option<u64>,
    /// The most memory under load.
    pub peak: Option<u64>,
    /// Memory after all workloads, once nothing is asked any more.
    pub after_load: Option<u64>,
    /// From start to ready, in seconds, of each start.
    pub starts: Vec<f64>,
    /// The executable's size, in bytes.
    pub executable: u64,
}

impl Footprint {
    /// The middle start, in seconds.
    pub fn start(&self) -> f64 {
        median(self.starts.iter().copied())
    }
}

/// The size of a file, in bytes.
///
/// # Errors
/// When there is none.
pub fn size(file: &Path) -> Result<u64> {
    Ok(std::fs::metadata(file).with_context(|| format!("no file {}", file.display()))?.len())
}

/// Starts the server so many times.
///
/// # Errors
/// When it does not start.
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
