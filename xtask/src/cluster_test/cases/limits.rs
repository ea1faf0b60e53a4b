//! Rate limits count across both instances.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use serde_json::json;

use crate::cluster_test::cluster::Cluster;
use crate::cluster_test::http::{Call, Reply, User};
use crate::cluster_test::verdict::Verdict;

/// A budget, as docs/api.md has it, and a call that takes from it.
struct Budget {
    name: &'static str,
    burst: u32,
    a_second: f64,
    call: fn(&User) -> Call,
}

const BUDGETS: [Budget; 3] = [
    Budget {
        name: "writes",
        burst: 200,
        a_second: 20.0,
        call: |user| Call::delete("/v1/posts/nosuchpostaaaaaaaaaaaaaa/like").by(user),
    },
    Budget { name: "reads", burst: 600, a_second: 100.0, call: |user| Call::get("/v1/users/me").by(user) },
    Budget {
        name: "credentials",
        burst: 60,
        a_second: 0.5,
        call: |user| Call::patch("/v1/users/me", json!({ "bio": "written often" })).by(user),
    },
];

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// Spends each budget through both instances in turn.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let user = cluster.somebody(&cluster.a).await?;
    // Sign-up and log-in took from the budget of the address.
    let spent = |budget: &Budget| if budget.name == "credentials" { 2 } else { 0 };
    for budget in &BUDGETS {
        let left = budget.burst - spent(budget);
        descends(cluster, budget, &user, &mut verdict).await?;
        spend(cluster, budget, left, &user, &mut verdict).await?;
    }
    Ok(verdict)
}

/// `RateLimit` goes down by one with each request, whichever instance answers it.
async fn descends(cluster: &Cluster<'_>, budget: &Budget, user: &User, verdict: &mut Verdict) -> Result<()> {
    let began = Instant::now();
    let mut lefts = Vec::new();
    for round in 0..10 {
        let (here, _) = cluster.pair(round);
        lefts.push(left(&here.ask(&(budget.call)(user)).await?)?);
    }
    let given_back = budget.a_second * began.elapsed().as_secs_f64() + 1.0;
    let first = f64::from(lefts[0]);
    let fits = |number: u32, left: u32| {
        let expected = first - f64::from(number);
        (expected - 0.5..=expected + given_back).contains(&f64::from(left))
    };
    verdict.check((0u32..).zip(&lefts).all(|(number, &left)| fits(number, left)), || {
        format!("{}: RateLimit says {lefts:?} through A and B in turn", budget.name)
    });
    Ok(())
}

/// Twice the burst in turn through both: so many are granted as one budget has.
async fn spend(cluster: &Cluster<'_>, budget: &Budget, left: u32, user: &User, verdict: &mut Verdict) -> Result<()> {
    // Ten went before.
    let left = left - 10;
    let asked = 2 * budget.burst;
    let began = Instant::now();
    let replies: Vec<Reply> = iter(0..asked)
        .map(|number| async move {
            let api = if number % 2 == 0 { &cluster.a } else { &cluster.b };
            api.ask(&(budget.call)(user)).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let took = began.elapsed();
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    let granted = asked - u32::try_from(refused.len())?;
    // What ten requests took came back meanwhile, and what the time since gives back.
    let most = f64::from(left) + budget.a_second * (took + Duration::from_secs(2)).as_secs_f64() + 10.0;
    verdict.figure(format!(
        "{}: {granted} of {asked} granted through both in {:.1} s, {left} were left",
        budget.name,
        took.as_secs_f64()
    ));
    verdict.check(granted >= left, || format!("{}: only {granted} granted of {left}", budget.name));
    verdict.check(f64::from(granted) <= most, || format!("{}: {granted} granted, at most {most:.0}", budget.name));
    let silent = refused.iter().filter(|reply| reply.header("retry-after").is_empty()).count();
    verdict.check(silent == 0, || format!("{}: {silent} were refused without Retry-After", budget.name));
    let failed = replies.iter().find(|reply| reply.status >= 500);
    verdict.check(failed.is_none(), || format!("{}: answered {:?}", budget.name, failed.map(|reply| reply.status)));
    Ok(())
}

/// How much the answer says is left.
fn left(reply: &Reply) -> Result<u32> {
    let header = reply.header("ratelimit");
    remaining(header).with_context(|| format!("RateLimit is `{header}` in an answer {}", reply.status))
}

/// `r` of `"writes";r=198;t=1`.
fn remaining(header: &str) -> Option<u32> {
    header.split(';').find_map(|part| part.trim().strip_prefix("r="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::remaining;

    #[test]
    fn reads_what_is_left() {
        assert_eq!(remaining("\"writes\";r=198;t=1"), Some(198));
        assert_eq!(remaining("\"reads\";r=0;t=1"), Some(0));
        assert_eq!(remaining(""), None);
    }
}
