//! Many times as much as can be served.

mod connection;
mod pace;

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use crate::cluster::Cluster;
use crate::figures::milliseconds;
use crate::http::{Call, PASSWORD, User};
use crate::sql;
use crate::verdict::Verdict;
use connection::Target;
use pace::{Phase, lateness};

/// How many times the capacity is asked for.
const TIMES: f64 = 10.0;

/// How many cheap requests a second are asked for at most, unless that is less than [`TWICE`] the capacity. To ask for
/// them, to carry them through Docker's proxy and to refuse them takes about half of two cores; who took all of them would
/// measure who gets the processor, and not what an overloaded instance does with what it has.
const ENOUGH: f64 = 6_000.0;

/// How many times the capacity is asked for at least, however fast the machine is.
const TWICE: f64 = 2.0;

/// How many times the unloaded p99 accepted requests may take, beside the time that they may wait.
const SLOWER: u32 = 3;

/// How long accepted log-ins may wait, and all others: what the gates of an instance allow, at most.
const WAIT_TO_LOG_IN: Duration = Duration::from_millis(7_500);
const WAIT: Duration = Duration::from_millis(750);

/// What part of its capacity an overloaded instance is to serve, and within what time it is to refuse the rest.
const GOODPUT: f64 = 0.9;
const REFUSED_WITHIN: Duration = Duration::from_millis(20);

/// What misses a goal by this factor is no longer excused by the machine.
const PAST_EXCUSE: u32 = 3;

/// What must at least have been asked for of what was meant to be.
const OFFERED: f64 = 0.8;

/// How long the instance is overloaded before it is measured. It lets in a burst first, which is over then.
const WARM_UP: Duration = Duration::from_secs(2);

/// Users whose likes go on and off.
const USERS: usize = 8;

/// Users who log in, so many that few of [`LOG_INS`] are at one account at once: past ten they would be taken for guesses.
const WHO_LOG_IN: usize = 128;

/// One kind of load, and through how many connections it comes.
struct Load {
    name: &'static str,
    targets: Vec<Target>,
    /// Connections that leave the instance unloaded.
    few: usize,
    /// Connections that load it fully.
    some: usize,
    /// Requests a second that are enough, when they are more than [`TWICE`] the capacity.
    enough: f64,
    /// How long accepted ones may wait.
    wait: Duration,
    /// Whether they cost the generator so little that it has to come up to what it means to ask for.
    cheap_to_ask: bool,
}

/// Connections that log in: many more than may wait, so that the rest is refused, and no more than an instance takes of one
/// network.
const LOG_INS: usize = 1000;

/// What came of a load.
struct Measured {
    overload: Phase,
    /// How late the generator itself came, at its p99.
    late: Duration,
}

/// Overloads one instance, directly, with three kinds of requests.
///
/// Log-ins take much of the instance and little of the generator, so that ten times as many as can be served can be asked
/// for on a machine that both share: they are held to the bounds. Likes, and reads that no cache has, are so cheap that
/// asking for, and refusing, ten times as many would take the machine from those that are served: as many are asked for as
/// 400 connections can wait for, and they have to go on.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut users = Vec::with_capacity(WHO_LOG_IN);
    for _ in 0..WHO_LOG_IN {
        users.push(cluster.somebody(&cluster.a).await?);
    }
    let mut verdict = Verdict::default();
    let targets = log_ins(cluster, &users);
    let wait = WAIT_TO_LOG_IN;
    let log_ins = Load { name: "log-ins", targets, few: 1, some: 2, enough: f64::INFINITY, wait, cheap_to_ask: true };
    let measured = measure(&log_ins, &mut verdict).await?;
    judge_refusals(&measured, &mut verdict);

    for (name, targets) in
        [("likes", likes(cluster, &users[..USERS]).await?), ("reads", reads(cluster, &users[0]).await?)]
    {
        let load = Load { name, targets, few: 2, some: 32, enough: ENOUGH, wait: WAIT, cheap_to_ask: false };
        measure(&load, &mut verdict).await?;
    }
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    Ok(verdict)
}

/// Runs a load without haste, at full pace, and at ten times that, or as much of it as is enough.
async fn measure(load: &Load, verdict: &mut Verdict) -> Result<Measured> {
    let Load { name, targets, few, some, enough, wait, cheap_to_ask } = load;
    let unloaded = Phase::run(&targets[..*few], None, Duration::from_secs(4)).await?;
    let full = Phase::run(&targets[..*some], None, Duration::from_secs(3)).await?;
    let capacity = full.accepted_a_second();
    let asked = (TIMES * capacity).min(enough.max(TWICE * capacity));
    let pace = Some(asked);
    Phase::run(targets, pace, WARM_UP).await?;
    let end = Instant::now() + Duration::from_secs(8);
    let (overload, late) = tokio::try_join!(Phase::run(targets, pace, Duration::from_secs(8)), lateness(end))?;

    verdict.figure(format!("{name}, unloaded: {}", unloaded.accepted()));
    verdict.figure(format!("capacity: {capacity:.0}/s, p99 {}", milliseconds(full.accepted().p99)));
    verdict.figure(format!(
        "overload: {} connections asked {:.0}/s ({:.1} times), {:.0}/s accepted, {}; {} refused, {}",
        targets.len(),
        overload.asked_a_second(),
        overload.asked_a_second() / capacity,
        overload.accepted_a_second(),
        overload.accepted(),
        overload.refused(),
        overload.refused_spread()
    ));
    let offered = overload.asked_a_second();
    verdict.check(!cheap_to_ask || offered >= OFFERED * asked, || {
        format!("too busy to tell: {offered:.0}/s of {name} were asked of {asked:.0}/s that were meant to be")
    });
    verdict.check(unloaded.refused() == 0, || format!("{} {name} were refused without load", unloaded.refused()));
    verdict.check(!cheap_to_ask || overload.refused() > 0, || format!("no {name} were refused: this was no overload"));
    for wrong in [&unloaded, &full, &overload].into_iter().flat_map(Phase::wrongs) {
        verdict.wrong(wrong);
    }
    let accepted = overload.accepted_a_second();
    verdict.figure(format!("goodput {:.2} of the capacity (goal {GOODPUT})", accepted / capacity));
    verdict.check(accepted >= capacity * GOODPUT / f64::from(PAST_EXCUSE), || {
        format!("only {accepted:.0} {name}/s are accepted under overload")
    });
    judge_times(unloaded.accepted().p99, *wait, overload.accepted().p99, late.p99, verdict);
    Ok(Measured { overload, late: late.p99 })
}

/// Whether accepted requests took as long as they may under overload.
fn judge_times(quiet: Duration, wait: Duration, busy: Duration, late: Duration, verdict: &mut Verdict) {
    verdict.figure(format!(
        "accepted p99 {} with a bound of {SLOWER} × {} + {} to wait + {} by which the generator itself came late (its p99)",
        milliseconds(busy),
        milliseconds(quiet),
        milliseconds(wait),
        milliseconds(late)
    ));
    // Both share the machine: what the generator itself comes late is not the instance's doing, but whoever is later
    // than the instance may be slow cannot measure it.
    let allowed = SLOWER * quiet + wait;
    verdict.check(late <= allowed, || {
        format!("too busy to tell: the generator came {} late, at most {}", milliseconds(late), milliseconds(allowed))
    });
    let bound = allowed + late.min(allowed);
    verdict.check(busy <= bound, || format!("accepted p99 {} is past {}", milliseconds(busy), milliseconds(bound)));
}

/// Whether what was refused was refused at once.
fn judge_refusals(measured: &Measured, verdict: &mut Verdict) {
    let refused = measured.overload.refused_spread();
    verdict.figure(format!(
        "refused within {} at the p99 (goal {})",
        milliseconds(refused.p99),
        milliseconds(REFUSED_WITHIN)
    ));
    let bound = REFUSED_WITHIN * PAST_EXCUSE + measured.late;
    verdict.check(refused.p99 <= bound, || format!("it took {} to refuse", milliseconds(refused.p99)));
}

fn log_ins(cluster: &Cluster<'_>, users: &[User]) -> Vec<Target> {
    let port = cluster.stack.ports().app1;
    let log_in = |user: &User| {
        let body = serde_json::json!({ "username": user.username, "password": PASSWORD });
        Target::post(port, "/v1/sessions", &body.to_string())
    };
    users.iter().cycle().take(LOG_INS).map(log_in).collect()
}

/// For each connection a post of its own, liked by one of a few users: every request writes, so that no cache serves it.
async fn likes(cluster: &Cluster<'_>, users: &[User]) -> Result<Vec<Target>> {
    let port = cluster.stack.ports().app1;
    iter(0..400)
        .map(|number| async move {
            let user = &users[number % users.len()];
            let published = cluster.a.succeed(&Call::publish("to be liked often").by(user)).await?;
            let path = format!("/v1/posts/{}/like", published.text("/id"));
            Ok(Target::put_and_delete(port, &path, &user.token))
        })
        .buffered(8)
        .try_collect()
        .await
}

/// The comments of one post, which no cache has.
async fn reads(cluster: &Cluster<'_>, user: &User) -> Result<Vec<Target>> {
    let published = cluster.a.succeed(&Call::publish("to be read often").by(user)).await?;
    let path = format!("/v1/posts/{}/comments", published.text("/id"));
    Ok((0..400).map(|_| Target::get(cluster.stack.ports().app1, &path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrongs(quiet: u64, busy: u64, late: u64) -> Vec<String> {
        let mut verdict = Verdict::default();
        let [quiet, busy, late] = [quiet, busy, late].map(Duration::from_millis);
        judge_times(quiet, Duration::ZERO, busy, late, &mut verdict);
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
