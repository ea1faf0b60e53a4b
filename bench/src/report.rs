//! All figures of a run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::footprint::Footprint;
use crate::growth::Growth;
use crate::machine::Machine;
use crate::measure::Measured;
use crate::options::Effort;
use crate::pressure::Curve;

/// All figures of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Start of the run in RFC 3339.
    pub date: String,
    /// The measured commit, followed by `+` if the working copy had changes.
    pub commit: String,
    /// The machine that was measured.
    pub machine: Machine,
    /// Versions of the programs by name.
    pub versions: BTreeMap<String, String>,
    /// PostgreSQL settings that the figures depend on.
    pub database: BTreeMap<String, String>,
    /// Durations and repetitions.
    pub effort: Effort,
    /// Rates and latencies.
    pub workloads: Vec<Measured>,
    /// Memory, start-up time and size.
    pub footprint: Option<Footprint>,
    /// Reads at several sizes of the database.
    pub growth: Vec<Growth>,
    /// Latency against load.
    pub pressure: Vec<Curve>,
}

impl Report {
    /// Reads the report of an earlier run.
    ///
    /// # Errors
    /// If the file is not a report.
    pub fn read(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is no report of this kind", file.display()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::Compared;
    use crate::tools::pgbench::Speed;
    use crate::tools::wrk::Reading;
    use crate::workloads::By;

    /// A report of one workload at `rate`, with a ceiling at 1000.
    pub(crate) fn report(rate: f64) -> Report {
        let reading = Reading { rate, p50: 1000.0, p99: 2500.0, p999: 9000.0, requests: 100, errors: 0 };
        let speed = Speed { rate: 1000.0, mean: 1.0 };
        let compared = Compared { by: By::Pgbench, target: Some(0.5), rounds: vec![speed] };
        Report {
            date: "2026-11-25T00:00:00Z".to_owned(),
            commit: "abc".to_owned(),
            machine: Machine::default(),
            versions: BTreeMap::new(),
            database: BTreeMap::new(),
            effort: Effort::QUICK,
            workloads: vec![Measured { name: "one".to_owned(), rounds: vec![reading], ceilings: vec![compared] }],
            footprint: None,
            growth: Vec::new(),
            pressure: Vec::new(),
        }
    }

    #[test]
    fn survives_a_round_trip() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_vec(&report(700.0)).unwrap()).unwrap();
        let read = Report::read(file.path()).unwrap();
        assert_eq!(read.workloads[0].rounds, report(700.0).workloads[0].rounds);
        std::fs::write(file.path(), "{}").unwrap();
        assert!(Report::read(file.path()).is_err());
    }
}
