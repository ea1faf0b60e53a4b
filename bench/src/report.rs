//! Every figure of a run.

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

/// Every figure of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// When it began, as RFC 3339 writes it.
    pub date: String,
    /// What was measured; ends in `+` where the working copy differs.
    pub commit: String,
    /// On what.
    pub machine: Machine,
    /// With what, by name.
    pub versions: BTreeMap<String, String>,
    /// PostgreSQL's settings that the figures hang on.
    pub database: BTreeMap<String, String>,
    /// How much was measured.
    pub effort: Effort,
    /// Rates and latencies.
    pub workloads: Vec<Measured>,
    /// Memory, start and size.
    pub footprint: Option<Footprint>,
    /// Reads at several sizes of the database.
    pub growth: Vec<Growth>,
    /// Latency against load.
    pub pressure: Vec<Curve>,
}

impl Report {
    /// Reads what an earlier run wrote.
    ///
    /// # Errors
    /// When it is no report.
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

    /// A report of one workload at `rate`, whose ceiling is at 1000.
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
    fn survives_being_written() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_vec(&report(700.0)).unwrap()).unwrap();
        let read = Report::read(file.path()).unwrap();
        assert_eq!(read.workloads[0].rounds, report(700.0).workloads[0].rounds);
        std::fs::write(file.path(), "{}").unwrap();
        assert!(Report::read(file.path()).is_err());
    }
}
