//! Rate limits count across both instances.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use serde_json::json;

use crate::cluster::Cluster;
use crate::http::{Call, Reply, User};
use crate::metrics::Metrics;
use crate::verdict::Verdict;

/// A budget as documented in docs/api.md, and a call that counts against it.
struct Budget {
    name: &'static str,
    burst: u32,
    a_second: f64,
    /// Requests in flight: few, so that none is rejected for another reason.
    at_once: usize,
    call: fn(&User) -> Call,
}

const BUDGETS: [Budget; 3] = [
    Budget {
        name: "writes",
        burst: 200,
        a_second: 20.0,
        at_once: 8,
        call: |user| Call::delete("/v1/posts/nosuchpostaaaaaaaaaaaaaa/like").by(user),
    },
    Budget { name: "reads", burst: 600, a_second: 100.0, at_once: 8, call: |user| Call::get("/v1/users/me").by(user) },
    Budget {
        name: "credentials",
        burst: 60,
        a_second: 0.5,
        at_once: 2,
        call: |user| Call::patch("/v1/users/me", json!({ "bio": "written often" })).by(user),
    },
];

/// Requests between two checks of the clock.
const BATCH: u32 = 40;

/// Time limit for spending one budget.
const LIMIT: Duration = Duration::from_secs(25);

/// One request in this many may be counted without Redis. If Redis is silent more often, the limits are not shared.
const SILENT_ONE_IN: f64 = 20.0;

/// Spends each budget through both instances in turn.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let user = cluster.somebody(&cluster.a).await?;
    for budget in &BUDGETS {
        // Sign-up and log-in counted against the budget of the address.
        let spent = if budget.name == "credentials" { 2 } else { 0 };
        let mut spending = Spending::new(budget.burst - spent);
        let before = cluster.metrics().await?;
        descends(cluster, budget, &user, &mut spending, &mut verdict).await?;
        spending.go_on(cluster, budget, &user).await?;
        let without = unanswered(&before, &cluster.metrics().await?);
        spending.judge(budget, without, &mut verdict);
    }
    Ok(verdict)
}

/// `RateLimit` decreases by one with each request, whichever instance answers.
async fn descends(
    cluster: &Cluster<'_>,
    budget: &Budget,
    user: &User,
    spending: &mut Spending,
    verdict: &mut Verdict,
) -> Result<()> {
    let mut lefts = Vec::new();
    for round in 0..10 {
        let (here, _) = cluster.pair(round);
        lefts.push(left(&here.ask(&(budget.call)(user)).await?)?);
        spending.asked += 1;
    }
    let given_back = budget.a_second * spending.began.elapsed().as_secs_f64() + 1.0;
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

/// How far a budget is spent.
struct Spending {
    /// Requests left at the beginning.
    left: u32,
    began: Instant,
    /// Time from the beginning until the last response. It is stored, so that a late judgement does not change it.
    took: Duration,
    asked: u32,
    /// Responses to requests that were not granted.
    refused: Vec<Reply>,
}

impl Spending {
    fn new(left: u32) -> Self {
        Self { left, began: Instant::now(), took: Duration::ZERO, asked: 0, refused: Vec::new() }
    }

    /// Sends requests through both instances in turn, until two separate budgets would grant more than one shared
    /// budget.
    async fn go_on(&mut self, cluster: &Cluster<'_>, budget: &Budget, user: &User) -> Result<()> {
        while !self.tells(budget) && self.took < LIMIT {
            let replies: Vec<Reply> = iter(0..BATCH)
                .map(|number| async move {
                    let api = if number % 2 == 0 { &cluster.a } else { &cluster.b };
                    api.ask(&(budget.call)(user)).await
                })
                .buffer_unordered(budget.at_once)
                .try_collect()
                .await?;
            self.asked += BATCH;
            self.refused.extend(replies.into_iter().filter(|reply| reply.status == 429 || reply.status >= 500));
            self.took = self.began.elapsed();
        }
        Ok(())
    }

    /// The most requests that one budget grants in the time taken.
    fn most(&self, budget: &Budget) -> f64 {
        f64::from(budget.burst) + budget.a_second * self.took.as_secs_f64() + 1.0
    }

    /// Whether two separate budgets would have granted more than one in the time taken.
    fn tells(&self, budget: &Budget) -> bool {
        f64::from(self.asked) > self.most(budget) + f64::from(self.left) / 2.0
    }

    fn judge(&self, budget: &Budget, without: f64, verdict: &mut Verdict) {
        let (name, asked, left) = (budget.name, self.asked, self.left);
        // Without a response from Redis in time, an instance counts locally. That many more may be granted, up to a
        // limit.
        let excusable = f64::from(asked) / SILENT_ONE_IN;
        let most = self.most(budget) + without.min(excusable);
        let refused = self.refused.iter().filter(|reply| reply.status == 429).count();
        let granted = asked - u32::try_from(refused).unwrap_or(asked);
        verdict.figure(format!(
            "{name}: of {left}, {granted} of {asked} granted through both in {:.1} s, {most:.0} allowed, Redis silent {without} times",
            self.took.as_secs_f64()
        ));
        verdict.check(self.tells(budget), || format!("{name}: too slow to tell, {asked} were asked"));
        verdict.check(without <= excusable, || {
            format!("{name}: Redis silent {without} times with {asked} asked, at most {excusable:.0} are excused")
        });
        verdict.check(granted >= left, || format!("{name}: only {granted} granted of {left}"));
        verdict.check(f64::from(granted) <= most, || format!("{name}: {granted} granted, at most {most:.0}"));
        let silent = self.refused.iter().filter(|reply| reply.header("retry-after").is_empty()).count();
        verdict.check(silent == 0, || format!("{name}: {silent} were refused without Retry-After"));
        for reply in self.refused.iter().filter(|reply| reply.status != 429) {
            verdict.wrong(format!("{name}: answered {}", reply.status));
        }
    }
}

/// Number of Redis commands in between that failed or timed out.
fn unanswered(before: &[Metrics], after: &[Metrics]) -> f64 {
    let failed = [("command", "take"), ("outcome", "error")];
    let sum = |metrics: &[Metrics]| -> f64 {
        metrics.iter().filter_map(|metrics| metrics.sum("redis_command_duration_seconds_count", &failed)).sum()
    };
    sum(after) - sum(before)
}

/// The requests left, according to the response.
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
    use super::*;

    #[test]
    fn parses_the_requests_left() {
        assert_eq!(remaining("\"writes\";r=198;t=1"), Some(198));
        assert_eq!(remaining("\"reads\";r=0;t=1"), Some(0));
        assert_eq!(remaining(""), None);
    }

    #[test]
    fn judges_by_the_time_of_the_last_response() {
        let budget = Budget { name: "reads", burst: 100, a_second: 100.0, at_once: 1, call: |_| Call::get("/") };
        // Ten seconds passed between the last response and the judgement.
        let began = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let spending = Spending { asked: 152, began, ..Spending::new(100) };
        let mut verdict = Verdict::default();
        spending.judge(&budget, 0.0, &mut verdict);
        let wrongs = verdict.wrongs().join("\n");
        assert!(!wrongs.contains("too slow to tell"), "{wrongs}");
        assert!(wrongs.contains("152 granted, at most 101"), "{wrongs}");
    }

    #[test]
    fn excuses_one_in_twenty() {
        let budget = Budget { name: "reads", burst: 100, a_second: 0.0, at_once: 1, call: |_| Call::get("/") };
        let judged = |asked, without| {
            let mut verdict = Verdict::default();
            let spending = Spending { asked, ..Spending::new(100) };
            spending.judge(&budget, without, &mut verdict);
            verdict.wrongs().join("\n")
        };
        // Too few requests to tell, all of them granted. Only the number of allowed requests can be checked.
        assert!(!judged(106, 5.0).contains("silent") && !judged(106, 5.0).contains("at most"));
        assert!(judged(106, 6.0).contains("silent 6 times"));
        assert!(judged(200, 100.0).contains("200 granted, at most 111"));
    }
}
