//! A change through one instance is visible through the other within 100 ms.

mod changes;
mod observe;
mod readings;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::cluster::Cluster;
use crate::figures::{Spread, milliseconds};
use crate::verdict::Verdict;
use changes::{Change, Scene};
use observe::observe;
use readings::BOUND;

/// Rounds to measure of each kind of change, without stalled ones.
const ROUNDS: usize = 50;

/// Time limit for measuring one kind of change.
const LIMIT: Duration = Duration::from_mins(1);

/// After this many wrong rounds of one kind, more would show nothing new.
const ENOUGH_WRONG: usize = 4;

/// Measures every kind of change.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    measure(cluster, ROUNDS).await
}

/// Measures `rounds` rounds of every kind of change, in alternating directions, while readers read continuously.
///
/// A round counts only if the readers were not stalled, because a stalled reader sees nothing stale. A certainly
/// stale read is wrong in any round.
pub(super) async fn measure(cluster: &Cluster<'_>, rounds: usize) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut scene = Scene::set(cluster).await?;
    let mut all = Vec::new();
    for change in Change::ALL {
        let (mut seen, mut stalled, mut wrong) = (Vec::new(), 0, 0);
        let mut slowest = Duration::ZERO;
        let began = Instant::now();
        while seen.len() < rounds && wrong < ENOUGH_WRONG && began.elapsed() < LIMIT {
            let round = seen.len() + stalled + wrong;
            let (here, there) = cluster.pair(round);
            let probe = scene.prepare(change, here).await?;
            // Every tenth round runs longer, to find changes that are seen and then lost again.
            let linger = round.is_multiple_of(10);
            let finding = observe(here, there, probe, linger).await.with_context(|| change.name())?;
            slowest = slowest.max(finding.slowest);
            if let Some(what) = finding.wrong() {
                verdict.wrong(format!(
                    "{} through {}, read through {}: {what}",
                    change.name(),
                    here.name(),
                    there.name()
                ));
                wrong += 1;
            } else if finding.stalled {
                stalled += 1;
            } else {
                seen.extend(finding.seen_after);
            }
        }
        let spread: Spread = seen.iter().copied().collect();
        let held_up = if stalled > 0 { format!(", {stalled} rounds stalled") } else { String::new() };
        verdict.figure(format!(
            "{}: {} rounds, seen after {} (median), {} (max), slowest read {}{held_up}",
            change.name(),
            spread.count,
            milliseconds(spread.median),
            milliseconds(spread.max),
            milliseconds(slowest)
        ));
        verdict.check_time(wrong > 0 || seen.len() >= rounds, || {
            format!("{}: the readers were held up in {stalled} rounds: this machine is too busy to tell", change.name())
        });
        all.extend(seen);
    }
    let spread: Spread = all.into_iter().collect();
    verdict.check(spread.max <= BOUND, || format!("seen after {} at most", milliseconds(spread.max)));
    Ok(verdict)
}
