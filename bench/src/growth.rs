//! Measures the reads on databases of several sizes, at a load without queueing, so that growth is cost per request.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::Bench;
use crate::requests;
use crate::statistics::ratio;
use crate::tools::wrk::Reading;
use crate::workloads::{WORKLOADS, What, Workload};

/// Connections of the load.
const CONNECTIONS: u16 = 8;

/// Maximum ratio of the p99 at the largest size to the p99 at the smallest.
pub const MOST: f64 = 1.3;

/// Number of followed users of the home timeline that is read.
pub const FOLLOWED: usize = 200;

/// A read at several sizes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Growth {
    /// The name of the workload.
    pub name: String,
    /// Readings by number of posts.
    pub points: Vec<(usize, Reading)>,
}

impl Growth {
    /// The ratio of the p99 at the largest size to the p99 at the smallest.
    pub fn times(&self) -> Option<f64> {
        let ((_, smallest), (_, largest)) = (self.points.first()?, self.points.last()?);
        ratio(largest.p99, smallest.p99)
    }
}

fn reads() -> impl Iterator<Item = &'static Workload> {
    let same = |what| !matches!(what, What::Home(followed) if followed != FOLLOWED);
    WORKLOADS.iter().filter(move |workload| workload.what.is_read() && same(workload.what))
}

/// Measures every read at each size in turn, in as many rounds as the workloads. A disturbance of the machine then
/// affects all sizes.
///
/// # Errors
/// If a program does not run.
pub async fn measure(sites: &[(usize, Bench<'_>)]) -> Result<Vec<Growth>> {
    let mut all = Vec::new();
    for workload in reads() {
        let mut points = Vec::with_capacity(sites.len());
        let mut loads = Vec::with_capacity(sites.len());
        for (posts, bench) in sites {
            let sent = requests::of(workload.what, bench.world);
            loads.push(bench.wrk.load(&format!("{} {posts}", workload.name), bench.host, &sent)?);
            points.push((*posts, Vec::new()));
        }
        let rounds = sites.first().map_or(0, |(_, bench)| bench.effort.rounds);
        for round in 0..rounds {
            for (((_, bench), load), (_, readings)) in sites.iter().zip(&mut loads).zip(&mut points) {
                let duration = bench.effort.of_a_point();
                // A quick run has no warm-up; exploring the data has warmed the caches.
                if round == 0 && bench.effort.warm_up > 1 {
                    bench.wrk.run(load, CONNECTIONS, duration / 2).await?;
                }
                readings.push(bench.wrk.run(load, CONNECTIONS, duration).await?);
            }
        }
        let points = points.into_iter().filter_map(|(posts, readings)| Some((posts, middle(readings)?))).collect();
        all.push(Growth { name: workload.name.to_owned(), points });
    }
    Ok(all)
}

/// The reading with the median p99.
fn middle(mut readings: Vec<Reading>) -> Option<Reading> {
    readings.sort_by(|one, other| one.p99.total_cmp(&other.p99));
    readings.get(readings.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_the_largest_with_the_smallest() {
        let reading = |p99| Reading { rate: 1.0, p50: 1.0, p99, p999: 1.0, requests: 1, errors: 0 };
        let points = vec![(1, reading(2.0)), (2, reading(9.0)), (3, reading(3.0))];
        assert_eq!(Growth { name: String::new(), points }.times(), Some(1.5));
    }

    #[test]
    fn takes_the_middle_reading() {
        let reading = |p99| Reading { rate: 1.0, p50: 1.0, p99, p999: 1.0, requests: 1, errors: 0 };
        assert_eq!(middle([9.0, 1.0, 2.0].map(reading).to_vec()), Some(reading(2.0)));
        assert_eq!(middle(Vec::new()), None);
    }

    #[test]
    fn takes_one_home_timeline() {
        assert_eq!(reads().filter(|workload| matches!(workload.what, What::Home(_))).count(), 1);
    }
}
