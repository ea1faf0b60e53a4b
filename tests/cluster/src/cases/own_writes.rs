//! Users read their own writes at once, however far the replica lags.

mod round;

use std::time::Duration;

use anyhow::{Result, bail};

use super::coherence;
use crate::cluster::Cluster;
use crate::http::Call;
use crate::metrics::reads_by_role;
use crate::sql;
use crate::stack::Service;
use crate::verdict::Verdict;
use round::Round;

/// The delay of the replica.
const LAG: Duration = Duration::from_secs(5);

/// Rounds of every kind of write.
const ROUNDS: usize = 30;

/// Rounds in which other readers observe each kind of change.
const LOOKS: usize = 8;

/// Writes through one instance, and reads as the writer through both instances and the gateway.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    sql::caught_up(cluster.stack).await?;
    sql::delay_replica(cluster.stack, Some(LAG)).await?;
    let outcome = lagging(cluster).await;
    // Always: the next case needs a replica that keeps up.
    sql::delay_replica(cluster.stack, None).await?;
    outcome
}

async fn lagging(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    prove_lag(cluster).await?;
    let before = cluster.metrics().await?;
    let mut round = Round::new(cluster).await?;
    for number in 0..ROUNDS {
        let (here, _) = cluster.pair(number);
        round.run(here, &mut verdict).await?;
    }
    verdict.figure(format!(
        "{ROUNDS} rounds, {} own writes read {} times at once through app1, app2 and Nginx, {} wrong",
        round.writes, round.reads, round.wrongs
    ));
    let after = cluster.metrics().await?;
    for (role, reads) in reads_by_role(&before, &after) {
        verdict.figure(format!("{reads} reads by the {role}"));
    }
    verdict.extend(coherence::measure(cluster, LOOKS).await?);
    prove_lag(cluster).await?;
    verdict.figure(format!("the replica was {} s behind all the time", LAG.as_secs()));
    Ok(verdict)
}

/// Fails unless the replica lacks a post that was just published.
async fn prove_lag(cluster: &Cluster<'_>) -> Result<()> {
    let user = cluster.somebody(&cluster.a).await?;
    let id = cluster.a.succeed(&Call::publish("not yet replayed").by(&user)).await?.text("/id").to_owned();
    let count = format!("SELECT count(*) FROM posts WHERE id = '{id}'");
    let (primary, replica) = (Service::PostgresPrimary, Service::PostgresReplica);
    if cluster.stack.psql(replica, &count).await? != "0" {
        bail!("the replica does not lag, so this proves nothing");
    }
    if cluster.stack.psql(primary, &count).await? != "1" {
        bail!("an acknowledged post is not on the primary");
    }
    Ok(())
}
