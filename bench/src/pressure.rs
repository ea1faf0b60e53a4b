//! Latency against load: the same requests on an increasing number of connections.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::Bench;
use crate::requests;
use crate::tools::wrk::Reading;
use crate::workloads::{WORKLOADS, What};

/// A workload at several loads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Curve {
    /// The name of the workload.
    pub name: String,
    /// Readings by number of connections.
    pub points: Vec<(u16, Reading)>,
}

/// Measures the anonymous feed and the mixed load.
///
/// # Errors
/// If a program does not run.
pub async fn measure(bench: &Bench<'_>) -> Result<Vec<Curve>> {
    let mut curves = Vec::new();
    for workload in WORKLOADS.iter().filter(|workload| matches!(workload.what, What::PublicFeed | What::Mixed)) {
        let mut load = bench.wrk.load(workload.name, bench.host, &requests::of(workload.what, bench.world))?;
        let mut points = Vec::new();
        for connections in bench.effort.pressures() {
            points.push((*connections, bench.wrk.run(&mut load, *connections, bench.effort.of_a_point()).await?));
        }
        curves.push(Curve { name: workload.name.to_owned(), points });
    }
    Ok(curves)
}
