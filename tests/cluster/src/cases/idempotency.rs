//! The same idempotency key is sent through both instances at the same moment.

use anyhow::Result;
use serde_json::json;

use crate::cluster::Cluster;
use crate::http::{Call, Reply};
use crate::sql;
use crate::verdict::Verdict;

const ROUNDS: u64 = 60;

/// Sends each post and each comment through both instances at once, and counts the stored rows.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let user = cluster.somebody(&cluster.a).await?;
    let run = cluster.fresh("twice");
    let post = cluster.a.succeed(&Call::publish("to be commented").by(&user)).await?.text("/id").to_owned();
    for round in 0..ROUNDS {
        let content = format!("{run}-{round} ");
        let publish = Call::publish(&content).by(&user).key(format!("{run}-post-{round}"));
        both(cluster, &publish, &mut verdict).await?;
        let comment = Call::post(format!("/v1/posts/{post}/comments"), json!({ "content": content }));
        both(cluster, &comment.by(&user).key(format!("{run}-comment-{round}")), &mut verdict).await?;
    }
    for table in ["posts", "comments"] {
        let count = format!("SELECT count(*) FROM {table} WHERE content LIKE '{run}-%'");
        let stored = sql::number(cluster.stack, &count).await?;
        verdict.figure(format!("{ROUNDS} keys sent twice at once: {stored} {table}"));
        verdict.check(stored == ROUNDS, || format!("{stored} {table} are stored, not {ROUNDS}"));
    }
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    Ok(verdict)
}

async fn both(cluster: &Cluster<'_>, call: &Call, verdict: &mut Verdict) -> Result<()> {
    let (one, other) = tokio::try_join!(cluster.a.ask(call), cluster.b.ask(call))?;
    let statuses = (one.status, other.status);
    verdict.check(statuses == (201, 201), || format!("{} is answered {statuses:?}", call.shown()));
    verdict.check(one.text("/id") == other.text("/id"), || format!("{} made two", call.shown()));
    let replayed = |reply: &Reply| reply.header("idempotency-replayed") == "true";
    verdict.check(replayed(&one) != replayed(&other), || format!("{}: not one of two is a replay", call.shown()));
    Ok(())
}
