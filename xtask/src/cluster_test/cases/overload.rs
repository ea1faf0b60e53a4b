//! Ten times as much as can be served.

mod connection;
mod pace;

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use crate::cluster_test::cluster::Cluster;
use crate::cluster_test::figures::milliseconds;
use crate::cluster_test::http::{Call, PASSWORD, User};
use crate::cluster_test::sql;
use crate::cluster_test::verdict::Verdict;
use connection::Target;
use pace::{Phase, lateness};

/// How many times the capacity is asked for.
const TIMES: f64 = 10.0;

/// How many likes a second are asked for at most, unless that is less than [`TWICE`] the capacity. To ask for them, to
/// carry them through Docker's proxy and to refuse them takes about half of two cores; who took all of them would measure
/// who gets the processor, and not what an overloaded instance does with what it has.
const LIKES: f64 = 6_000.0;

/// How many times the capacity is asked for at least, however fast the machine is.
const TWICE: f64 = 2.0;

/// How many times the unloaded p99 accepted requests may take.
const SLOWER: u32 = 3;

/// What must at least have been asked for of what was meant to be.
const OFFERED: f64 = 0.8;

/// How long the instance is overloaded before it is measured. It lets in a burst first, which is over then.
const WARM_UP: Duration = Duration::from_secs(2);

/// Users who log in, and whose likes go on and off.
const USERS: usize = 8;

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
}

/// What came of a load.
struct Measured {
    unloaded: Phase,
    overload: Phase,
    /// How late the generator itself came, at its p99.
    late: Duration,
}

/// Overloads one instance, directly, with two kinds of requests.
///
/// Log-ins take much of the instance and little of the generator, so that ten times as many as can be served can be asked
/// for on a machine that both share: they are held to the bound. Likes are so cheap that asking for, and refusing, ten
/// times as many would take the machine from those that are served: fewer are asked for, and they have to go on.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut users = Vec::with_capacity(USERS);
    for _ in 0..USERS {
        users.push(cluster.somebody(&cluster.a).await?);
    }
    let mut verdict = Verdict::default();
    let log_ins = Load { name: "log-ins", targets: log_ins(cluster, &users), few: 1, some: 2, enough: f64::INFINITY };
    let measured = measure(&log_ins, &mut verdict).await?;
    let (quiet, busy) = (measured.unloaded.accepted().p99, measured.overload.accepted().p99);
    judge_times(quiet, busy, measured.late, &mut verdict);

    let likes = Load { name: "likes", targets: likes(cluster, &users).await?, few: 2, some: 32, enough: LIKES };
    measure(&likes, &mut verdict).await?;
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    Ok(verdict)
}

/// Runs a load without haste, at full pace, and at ten times that, or as much of it as is enough.
async fn measure(load: &Load, verdict: &mut Verdict) -> Result<Measured> {
    let Load { name, targets, few, some, enough } = load;
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
        overload.answers_a_second(),
        overload.answers_a_second() / capacity,
        overload.accepted_a_second(),
        overload.accepted(),
        overload.refused(),
        overload.refused_spread()
    ));
    let offered = overload.answers_a_second();
    verdict.check(offered >= OFFERED * asked, || {
        format!("too busy to tell: {offered:.0}/s of {name} were asked of {asked:.0}/s that were meant to be")
    });
    verdict.check(unloaded.refused() == 0, || format!("{} {name} were refused without load", unloaded.refused()));
    verdict.check(overload.refused() > 0, || format!("no {name} were refused: this was no overload"));
    for wrong in [&unloaded, &full, &overload].into_iter().flat_map(Phase::wrongs) {
        verdict.wrong(wrong);
    }
    let accepted = overload.accepted_a_second();
    verdict.check(accepted >= capacity / 4.0, || format!("only {accepted:.0} {name}/s are accepted under overload"));
    Ok(Measured { unloaded, overload, late: late.p99 })
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

fn log_ins(cluster: &Cluster<'_>, users: &[User]) -> Vec<Target> {
    let port = cluster.stack.ports().app1;
    let log_in = |user: &User| {
        let body = serde_json::json!({ "username": user.username, "password": PASSWORD });
        Target::post(port, "/v1/sessions", &body.to_string())
    };
    users.iter().cycle().take(100).map(log_in).collect()
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
