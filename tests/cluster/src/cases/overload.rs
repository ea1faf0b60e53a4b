//! Sends one instance many times its capacity.

mod connection;
mod pace;

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use crate::cluster::Cluster;
use crate::figures::{Spread, milliseconds};
use crate::http::{Call, PASSWORD, User};
use crate::sql;
use crate::verdict::Verdict;
use connection::Target;
use pace::{Phase, lateness};

/// Requested load, as a multiple of the capacity.
const TIMES: f64 = 10.0;

/// Maximum rate of cheap requests per second, unless that is less than [`TWICE`] the capacity. Sending, forwarding
/// and rejecting them takes about half of two cores. A higher rate would measure the competition for the processor,
/// not the behaviour of an overloaded instance.
const ENOUGH: f64 = 6_000.0;

/// Minimum load as a multiple of the capacity, however fast the machine is.
const TWICE: f64 = 2.0;

/// Factor by which the p99 of accepted requests may grow, besides the time that they may wait.
const SLOWER: u32 = 3;

/// Maximum wait of accepted log-ins, and of all other requests: the limits of the instance's gates.
const WAIT_TO_LOG_IN: Duration = Duration::from_millis(7_500);
const WAIT: Duration = Duration::from_millis(750);

/// Fraction of its capacity that an overloaded instance should serve, and the time in which it should reject the
/// rest.
const GOODPUT: f64 = 0.9;
const REFUSED_WITHIN: Duration = Duration::from_millis(20);

/// A result that misses a goal by this factor fails the case.
const PAST_EXCUSE: u32 = 3;

/// Fraction of the intended load that must have been sent.
const OFFERED: f64 = 0.8;

/// Overload before the measurement. The instance accepts a burst first, which is over by then.
const WARM_UP: Duration = Duration::from_secs(2);

/// Users who like and unlike.
const USERS: usize = 8;

/// Users who log in. Their number is high, so that few of [`LOG_INS`] are for one account at once: past ten, they would
/// count as guesses.
const WHO_LOG_IN: usize = 128;

/// One kind of load, and its connections.
struct Load {
    name: &'static str,
    targets: Vec<Target>,
    /// Connections that leave the instance unloaded.
    few: usize,
    /// Connections that load it fully.
    some: usize,
    /// Sufficient requests per second, where they exceed [`TWICE`] the capacity.
    enough: f64,
    /// Maximum wait of accepted requests.
    wait: Duration,
    /// Whether requests cost the generator so little that it must reach the intended rate.
    cheap_to_ask: bool,
}

/// Connections that log in: many more than may wait, so that the rest is rejected, and within the bound of one
/// network.
const LOG_INS: usize = 1000;

/// The result of a load.
struct Measured {
    /// Durations of the requests that were rejected under overload.
    refused: Spread,
    /// The p99 of the generator's own lateness.
    late: Duration,
}

/// Overloads one instance directly, with three kinds of requests.
///
/// Log-ins cost the instance much and the generator little. Ten times the capacity can be sent on a machine that both
/// share, so the bounds are checked. Likes and uncached reads are cheap: sending and rejecting ten times as many
/// would take the machine from the accepted ones. As many are sent as 400 connections can wait for, and the instance
/// must go on serving.
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
    judge_refused(&measured, &mut verdict);

    for (name, targets) in
        [("likes", likes(cluster, &users[..USERS]).await?), ("reads", reads(cluster, &users[0]).await?)]
    {
        let load = Load { name, targets, few: 2, some: 32, enough: ENOUGH, wait: WAIT, cheap_to_ask: false };
        measure(&load, &mut verdict).await?;
    }
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    Ok(verdict)
}

/// Runs a load with few connections, at full capacity, and at ten times the capacity or the sufficient rate.
async fn measure(load: &Load, verdict: &mut Verdict) -> Result<Measured> {
    let Load { name, targets, few, some, enough, cheap_to_ask, .. } = load;
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
    verdict.check_time(!cheap_to_ask || offered >= OFFERED * asked, || {
        format!("too busy to tell: {offered:.0}/s of {name} were asked of {asked:.0}/s that were meant to be")
    });
    verdict.check(unloaded.refused() == 0, || format!("{} {name} were refused without load", unloaded.refused()));
    verdict.check_time(!cheap_to_ask || overload.refused() > 0, || {
        format!("no {name} were refused: this was no overload")
    });
    for wrong in [&unloaded, &full, &overload].into_iter().flat_map(Phase::wrongs) {
        verdict.wrong(wrong);
    }
    let accepted = overload.accepted_a_second();
    verdict.figure(format!("goodput {:.2} of the capacity (goal {GOODPUT})", accepted / capacity));
    verdict.check_time(accepted >= capacity * GOODPUT / f64::from(PAST_EXCUSE), || {
        format!("only {accepted:.0} {name}/s were accepted under overload")
    });
    judge_accepted(load, unloaded.accepted().p99, overload.accepted().p99, late.p99, verdict);
    Ok(Measured { refused: overload.refused_spread(), late: late.p99 })
}

/// Checks how long accepted requests took under overload, by the p99.
fn judge_accepted(load: &Load, quiet: Duration, busy: Duration, late: Duration, verdict: &mut Verdict) {
    verdict.figure(format!(
        "accepted p99 {} (goal {SLOWER} × {} + {} to wait + {} by which the generator itself came late at its p99)",
        milliseconds(busy),
        milliseconds(quiet),
        milliseconds(load.wait),
        milliseconds(late)
    ));
    // Both share the machine, so the generator's own lateness is not the instance's fault. A generator that is later
    // than the instance's goal cannot measure the instance.
    let allowed = SLOWER * quiet + load.wait;
    verdict.check_time(late <= allowed, || {
        format!("too busy to tell: the generator came {} late, at most {}", milliseconds(late), milliseconds(allowed))
    });
    let goal = allowed + late.min(allowed);
    // Where asking costs about as much as answering, the generator takes the machine from the instance.
    let bound = if load.cheap_to_ask { goal } else { PAST_EXCUSE * goal };
    verdict
        .check_time(busy <= bound, || format!("accepted p99 {} is past {}", milliseconds(busy), milliseconds(bound)));
}

/// Checks that rejected requests were rejected at once. The median must be within the goal. The p99 may be three times
/// the goal, and the generator's own lateness.
fn judge_refused(measured: &Measured, verdict: &mut Verdict) {
    let Measured { refused, late } = *measured;
    verdict.figure(format!(
        "refused within {} at the p99 (goal {})",
        milliseconds(refused.p99),
        milliseconds(REFUSED_WITHIN)
    ));
    verdict.check_time(refused.median <= REFUSED_WITHIN, || {
        format!("it took {} to refuse, at the median", milliseconds(refused.median))
    });
    let bound = PAST_EXCUSE * REFUSED_WITHIN + late;
    verdict.check_time(refused.p99 <= bound, || {
        format!("it took {} to refuse, at most {}", milliseconds(refused.p99), milliseconds(bound))
    });
}

fn log_ins(cluster: &Cluster<'_>, users: &[User]) -> Vec<Target> {
    let port = cluster.stack.ports().app1;
    let log_in = |user: &User| {
        let body = serde_json::json!({ "username": user.username, "password": PASSWORD });
        Target::post(port, "/v1/sessions", &body.to_string())
    };
    users.iter().cycle().take(LOG_INS).map(log_in).collect()
}

/// One post per connection, liked by one of a few users: every request writes, so no cache serves it.
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

/// The comments of one post, which are never cached.
async fn reads(cluster: &Cluster<'_>, user: &User) -> Result<Vec<Target>> {
    let published = cluster.a.succeed(&Call::publish("to be read often").by(user)).await?;
    let path = format!("/v1/posts/{}/comments", published.text("/id"));
    Ok((0..400).map(|_| Target::get(cluster.stack.ports().app1, &path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(judge: impl FnOnce(&mut Verdict)) -> String {
        let mut verdict = Verdict::default();
        judge(&mut verdict);
        assert!(verdict.passed() || verdict.failed_by_time_alone());
        verdict.wrongs().join("; ")
    }

    fn accepted(cheap_to_ask: bool, quiet: u64, busy: u64, late: u64) -> String {
        let wait = Duration::ZERO;
        let load = Load { name: "reads", targets: Vec::new(), few: 1, some: 1, enough: 1.0, wait, cheap_to_ask };
        let [quiet, busy, late] = [quiet, busy, late].map(Duration::from_millis);
        judged(|verdict| judge_accepted(&load, quiet, busy, late, verdict))
    }

    fn refused(median: u64, p99: u64, late: u64) -> String {
        let [median, p99, late] = [median, p99, late].map(Duration::from_millis);
        let refused = Spread { count: 1, median, p99, max: p99 };
        judged(|verdict| judge_refused(&Measured { refused, late }, verdict))
    }

    #[test]
    fn lateness_of_the_generator_is_excused() {
        assert_eq!(accepted(true, 10, 30, 0) + &accepted(true, 10, 50, 20), "");
        assert_eq!(accepted(true, 10, 51, 20), "accepted p99 51 ms is past 50 ms");
    }

    #[test]
    fn requests_that_are_dear_to_ask_may_take_three_times_the_goal() {
        assert_eq!(accepted(false, 10, 150, 20), "");
        assert_eq!(accepted(false, 10, 151, 20), "accepted p99 151 ms is past 150 ms");
    }

    #[test]
    fn too_much_lateness_proves_nothing() {
        assert_eq!(accepted(true, 10, 60, 30), "");
        assert!(accepted(true, 10, 20, 31).contains("too busy to tell"));
        assert!(accepted(true, 10, 61, 500).contains("is past 60 ms"));
    }

    #[test]
    fn rejections_are_quick_at_the_median_and_at_the_p99() {
        assert_eq!(refused(20, 70, 10), "");
        assert_eq!(refused(21, 70, 10), "it took 21 ms to refuse, at the median");
        assert_eq!(refused(20, 71, 10), "it took 71 ms to refuse, at most 70 ms");
    }
}
