//! Ten times as much as can be served.

mod connection;
mod pace;

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use crate::cluster_test::cluster::Cluster;
use crate::cluster_test::figures::milliseconds;
use crate::cluster_test::http::{Call, User};
use crate::cluster_test::sql;
use crate::cluster_test::verdict::Verdict;
use connection::Target;
use pace::{Phase, lateness};

/// Connections that leave the instance unloaded, that load it fully, and that overload it.
const FEW: usize = 2;
const SOME: usize = 32;
const MANY: usize = 400;

/// How many times the capacity is asked for.
const TIMES: f64 = 10.0;

/// How many times the unloaded p99 accepted requests may take.
const SLOWER: u32 = 3;

/// What must at least have been asked for of what was meant to be.
const OFFERED: f64 = 0.8;

/// Users whose likes go on and off.
const USERS: usize = 8;

/// Likes posts directly at one instance: every request writes, so that no cache serves it.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let targets = targets(cluster).await?;
    let unloaded = Phase::run(&targets[..FEW], None, Duration::from_secs(4)).await?;
    let full = Phase::run(&targets[..SOME], None, Duration::from_secs(3)).await?;
    let capacity = full.accepted_a_second();
    let asked = TIMES * capacity;
    let began = Instant::now();
    let (overload, late) = tokio::try_join!(
        Phase::run(&targets, Some(asked), Duration::from_secs(8)),
        lateness(began + Duration::from_secs(8))
    )?;

    let mut verdict = Verdict::default();
    let (quiet, busy) = (unloaded.accepted(), overload.accepted());
    verdict.figure(format!("unloaded: {FEW} connections, {quiet}"));
    verdict.figure(format!(
        "capacity: {capacity:.0}/s with {SOME} connections, p99 {}",
        milliseconds(full.accepted().p99)
    ));
    let offered = overload.answers_a_second();
    verdict.figure(format!(
        "overload: {MANY} connections asked {offered:.0}/s ({:.1} times), {:.0}/s accepted, {busy}; {} refused, {}",
        offered / capacity,
        overload.accepted_a_second(),
        overload.refused(),
        overload.refused_spread()
    ));
    verdict.check(offered >= OFFERED * asked, || {
        format!("too busy to tell: {offered:.0}/s were asked of {asked:.0}/s that were meant to be")
    });
    judge_times(quiet.p99, busy.p99, late.p99, &mut verdict);
    verdict.check(unloaded.refused() == 0, || format!("{} were refused without load", unloaded.refused()));
    verdict.check(overload.refused() > 0, || "nothing was refused: this was no overload".to_owned());
    for wrong in [&unloaded, &full, &overload].into_iter().flat_map(Phase::wrongs) {
        verdict.wrong(wrong);
    }
    let least = capacity / 4.0;
    let accepted = overload.accepted_a_second();
    verdict.check(accepted >= least, || format!("only {accepted:.0}/s are accepted under overload"));
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    Ok(verdict)
}

/// Whether accepted requests took as long as they may under overload.
fn judge_times(quiet: Duration, busy: Duration, late: Duration, verdict: &mut Verdict) {
    verdict.figure(format!(
        "accepted p99 {} with a bound of {SLOWER} × {} + {} by which the generator itself came late (its p99)",
        milliseconds(busy),
        milliseconds(quiet),
        milliseconds(late)
    ));
    // Both share the machine: what the generator itself comes late is not the instance's doing, but whoever is later
    // than the instance may be slow cannot measure it.
    let allowed = SLOWER * quiet;
    verdict.check(late <= allowed, || {
        format!("too busy to tell: the generator came {} late, at most {}", milliseconds(late), milliseconds(allowed))
    });
    let bound = allowed + late.min(allowed);
    verdict.check(busy <= bound, || format!("accepted p99 {} is past {}", milliseconds(busy), milliseconds(bound)));
}

/// For each connection a post of its own, liked by one of a few users.
async fn targets(cluster: &Cluster<'_>) -> Result<Vec<Target>> {
    let mut users = Vec::with_capacity(USERS);
    for _ in 0..USERS {
        users.push(cluster.somebody(&cluster.a).await?);
    }
    let users: &[User] = &users;
    let port = cluster.stack.ports().app1;
    iter(0..MANY)
        .map(|number| async move {
            let user = &users[number % USERS];
            let published = cluster.a.succeed(&Call::publish("to be liked often").by(user)).await?;
            Ok(Target::new(port, &format!("/v1/posts/{}/like", published.text("/id")), &user.token))
        })
        .buffered(8)
        .try_collect()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrongs(quiet: u64, busy: u64, late: u64) -> Vec<String> {
        let mut verdict = Verdict::default();
        let [quiet, busy, late] = [quiet, busy, late].map(Duration::from_millis);
        judge_times(quiet, busy, late, &mut verdict);
        verdict.wrongs()
    }

    #[test]
    fn lateness_is_excused() {
        assert!(wrongs(10, 30, 0).is_empty() && wrongs(10, 50, 20).is_empty());
        assert_eq!(wrongs(10, 51, 20).len(), 1);
    }

    #[test]
    fn too_much_lateness_proves_nothing_and_excuses_no_more() {
        assert!(wrongs(10, 60, 30).is_empty());
        assert!(wrongs(10, 20, 31).join("").contains("too busy to tell"));
        assert_eq!(wrongs(10, 61, 500).len(), 2);
    }
}
