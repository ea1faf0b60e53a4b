//! The reads again on databases of other sizes, at a load that nobody has to queue at: what grows is cost.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::Bench;
use crate::requests;
use crate::statistics::ratio;
use crate::tools::wrk::Reading;
use crate::workloads::{WORKLOADS, What, Workload};

/// How many connections ask.
const CONNECTIONS: u16 = 8;

/// The slowest of a hundred may take so many times as long at the largest size as at the smallest.
pub const MOST: f64 = 1.3;

/// How many the one follows whose home timeline is read.
pub const FOLLOWED: usize = 200;

/// A read at several sizes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Growth {
    /// The workload.
    pub name: String,
    /// What came of it, by the number of posts.
    pub points: Vec<(usize, Reading)>,
}

impl Growth {
    /// How many times as long the slowest of a hundred takes at the largest size as at the smallest.
    pub fn times(&self) -> Option<f64> {
        let ((_, smallest), (_, largest)) = (self.points.first()?, self.points.last()?);
        ratio(largest.p99, smallest.p99)
    }
}

fn reads() -> impl Iterator<Item = &'static Workload> {
    let same = |what| !matches!(what, What::Home(followed) if followed != FOLLOWED);
    WORKLOADS.iter().filter(move |workload| workload.what.is_read() && same(workload.what))
}

/// Measures all reads on a database of so many posts and adds them to `growth`.
///
/// # Errors
/// When a program does not run.
pub async fn measure(bench: &Bench<'_>, posts: usize, growth: &mut Vec<Growth>) -> Result<()> {
    for workload in reads() {
        let sent = requests::of(workload.what, bench.world);
        let mut load = bench.wrk.load(workload.name, bench.host, &sent)?;
        let duration = bench.effort.of_a_point();
        if bench.effort.warm_up > 1 {
            bench.wrk.run(&mut load, CONNECTIONS, duration / 2).await?;
        }
        let reading = bench.wrk.run(&mut load, CONNECTIONS, duration).await?;
        match growth.iter_mut().find(|growth| growth.name == workload.name) {
            Some(growth) => growth.points.push((posts, reading)),
            None => growth.push(Growth { name: workload.name.to_owned(), points: vec![(posts, reading)] }),
        }
    }
    for growth in growth {
        growth.points.sort_by_key(|(posts, _)| *posts);
    }
    Ok(())
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
    fn takes_one_home_timeline() {
        assert_eq!(reads().filter(|workload| matches!(workload.what, What::Home(_))).count(), 1);
    }
}
