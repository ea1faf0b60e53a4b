//! Judges a period of load and summarises its figures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::period::Period;
use super::sample::Sample;
use super::stored::Stored;
use crate::cluster::Cluster;
use crate::figures::{Spread, milliseconds};
use crate::http::{Api, Call};
use crate::sql;
use crate::verdict::Verdict;

/// With fewer good requests than this, the period proves nothing.
const ENOUGH: usize = 50;

/// Number of posts that are read through both instances at the end.
const COMPARED: usize = 40;

impl Period {
    /// Checks every request. `allowed` decides which failed requests are excused.
    pub(crate) fn judge(&self, verdict: &mut Verdict, allowed: impl Fn(&Sample) -> bool) {
        let (writes, reads): (Vec<&Sample>, Vec<&Sample>) = self.samples.iter().partition(|sample| sample.writes());
        for (what, samples) in [("reads", &reads), ("writes", &writes)] {
            let good: Spread = samples.iter().filter(|sample| sample.is_good()).map(|sample| sample.took).collect();
            verdict.figure(format!("{} {what}, {} ({good})", samples.len(), troubles(samples)));
            verdict.check(good.count > 0, || format!("no good {what}"));
            verdict
                .check_time(good.count >= ENOUGH, || format!("only {} good {what}: this proves nothing", good.count));
        }
        let acknowledged = self.ledger.acknowledged();
        verdict.figure(format!("{acknowledged} things acknowledged, {} in doubt", self.ledger.in_doubt()));
        for sample in self.samples.iter().filter(|sample| !sample.is_good() && !allowed(sample)) {
            verdict.wrong(sample.shown());
        }
    }

    /// Time from `moment` to the first acknowledged write.
    pub(crate) fn first_write_after(&self, moment: Instant) -> Option<Duration> {
        self.good_writes().filter_map(|ended| ended.checked_duration_since(moment)).min()
    }

    /// The longest time without an acknowledged write.
    pub(crate) fn longest_silence(&self) -> Duration {
        let mut ends: Vec<Instant> = self.good_writes().collect();
        ends.sort_unstable();
        ends.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// Number of good reads and writes that ended between two moments.
    pub(crate) fn good_between(&self, from: Instant, to: Instant) -> (usize, usize) {
        let good = self.samples.iter().filter(|sample| sample.is_good() && (from..to).contains(&sample.ended()));
        let (writes, reads): (Vec<&Sample>, Vec<&Sample>) = good.partition(|sample| sample.writes());
        (reads.len(), writes.len())
    }

    /// Number of good reads and writes that were sent after a moment.
    pub(crate) fn good_after(&self, moment: Instant) -> (usize, usize) {
        let good = self.samples.iter().filter(|sample| sample.is_good() && sample.sent > moment);
        let (writes, reads): (Vec<&Sample>, Vec<&Sample>) = good.partition(|sample| sample.writes());
        (reads.len(), writes.len())
    }

    fn good_writes(&self) -> impl Iterator<Item = Instant> {
        self.samples.iter().filter(|sample| sample.writes() && sample.is_good()).map(Sample::ended)
    }

    /// Compares the stored rows with the acknowledged writes, and the instances' responses with the stored rows.
    pub(crate) async fn audit(&self, cluster: &Cluster<'_>, verdict: &mut Verdict) -> Result<()> {
        let took = sql::caught_up(cluster.stack).await?;
        verdict.figure(format!("replica caught up within {}", milliseconds(took)));
        self.audit_rows(cluster, verdict).await?;
        let posts = format!(
            "(SELECT * FROM posts WHERE content LIKE '{}-%' ORDER BY created_at DESC LIMIT {COMPARED}) AS t",
            self.name
        );
        let of_posts = ["like_count", "comment_count"];
        let of_users = ["post_count", "follower_count", "following_count"];
        for api in [&cluster.a, &cluster.b] {
            compare(cluster, api, "posts", &posts, &of_posts, verdict).await?;
            compare(cluster, api, "users", "users", &of_users, verdict).await?;
        }
        Ok(())
    }

    /// Compares the stored rows with the acknowledged writes, and counters with the rows that they count.
    pub(crate) async fn audit_rows(&self, cluster: &Cluster<'_>, verdict: &mut Verdict) -> Result<()> {
        let stored = Stored::read(cluster.stack, &self.name).await?;
        self.ledger.differences(&stored).iter().for_each(|difference| verdict.wrong(difference));
        sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
        Ok(())
    }
}

/// Compares an instance's responses with the stored rows.
async fn compare(
    cluster: &Cluster<'_>,
    api: &Api,
    what: &str,
    from: &str,
    counters: &[&str],
    verdict: &mut Verdict,
) -> Result<()> {
    for row in sql::rows(cluster.stack, &format!("id, {}", counters.join(", ")), from).await? {
        let Some((id, stored)) = row.split_first() else { continue };
        let path = format!("/v1/{what}/{}", id.as_str().unwrap_or_default());
        let reply = api.ask(&Call::get(&path)).await?;
        for (counter, stored) in counters.iter().zip(stored) {
            let said = reply.at(&format!("/{counter}"));
            verdict.check(said == stored, || format!("{path}: {counter} is {said} at {}, stored {stored}", api.name()));
        }
    }
    Ok(())
}

/// Failures by kind: `2 × 503, 1 × no answer`.
fn troubles(samples: &[&Sample]) -> String {
    let mut counted = BTreeMap::<String, usize>::new();
    for sample in samples.iter().filter(|sample| !sample.is_good()) {
        *counted.entry(sample.trouble()).or_default() += 1;
    }
    if counted.is_empty() {
        return "none failed".to_owned();
    }
    counted.iter().map(|(trouble, count)| format!("{count} × {trouble}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ledger::Ledger;
    use crate::load::sample::{Kind, Outcome};

    fn sample(kind: Kind, sent: Instant, outcome: Outcome) -> Sample {
        Sample { call: "GET /".to_owned(), kind, sent, took: Duration::from_millis(5), outcome }
    }

    fn period(samples: Vec<Sample>) -> Period {
        Period { name: "p".to_owned(), ledger: Ledger::default(), samples }
    }

    fn many_good(start: Instant) -> Vec<Sample> {
        [Kind::Read, Kind::Repeatable]
            .into_iter()
            .flat_map(|kind| vec![sample(kind, start, Outcome::Good); 100])
            .collect()
    }

    #[test]
    fn failures_that_are_not_allowed_are_wrong() {
        let start = Instant::now();
        let mut samples = many_good(start);
        samples.push(sample(Kind::Read, start, Outcome::Status(500)));
        samples.push(sample(Kind::Once, start, Outcome::Lost("reset".to_owned())));
        let period = period(samples);
        let wrongs = |allowed: fn(&Sample) -> bool| {
            let mut verdict = Verdict::default();
            period.judge(&mut verdict, allowed);
            verdict.wrongs()
        };
        assert_eq!(wrongs(|_| false).len(), 2);
        assert_eq!(wrongs(|sample| sample.kind == Kind::Once), ["GET /: 500"]);
        assert!(wrongs(|_| true).is_empty());
    }

    #[test]
    fn too_few_requests_prove_nothing() {
        let mut verdict = Verdict::default();
        period(Vec::new()).judge(&mut verdict, |_| true);
        let shown = verdict.wrongs().join("; ");
        assert!(shown.contains("no good reads; no good writes") && shown.contains("proves nothing"), "{shown}");
    }

    #[test]
    fn measures_recovery_and_silence_by_good_writes() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let period = period(vec![
            sample(Kind::Once, at(0), Outcome::Good),
            sample(Kind::Once, at(100), Outcome::Unavailable { retry_after: true }),
            sample(Kind::Read, at(200), Outcome::Good),
            sample(Kind::Repeatable, at(700), Outcome::Good),
            sample(Kind::Once, at(800), Outcome::Good),
        ]);
        assert_eq!(period.longest_silence(), Duration::from_millis(700));
        assert_eq!(period.first_write_after(at(50)), Some(Duration::from_millis(655)));
        assert_eq!(period.first_write_after(at(900)), None);
        assert_eq!(period.good_between(at(1), at(705)), (1, 1));
        assert_eq!(period.good_after(at(150)), (1, 2));
    }
}
