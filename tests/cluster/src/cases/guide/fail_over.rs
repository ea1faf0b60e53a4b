//! The primary is lost for good, and the replica is promoted.

use anyhow::Result;

use super::{expect, follow, publish};
use crate::cluster::Cluster;
use crate::guide::Sequence;
use crate::sql;
use crate::stack::Service;
use crate::verdict::Verdict;

/// Replicated data is there, writes succeed, and there is a replica again.
pub(in super::super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let user = cluster.somebody(&cluster.gateway).await?;
    let before = publish(cluster, &user, "before the loss").await?;
    sql::caught_up(cluster.stack).await?;
    let (posts, timeline) = state(cluster).await?;
    cluster.stack.kill(Service::PostgresPrimary).await?;

    follow(cluster, Sequence::FailOver, &mut verdict).await?;

    let (kept, later) = state(cluster).await?;
    verdict.check(kept == posts, || format!("of {posts} posts {kept} are there"));
    verdict.check(later > timeline, || format!("the log is still on timeline {timeline}: nothing was promoted"));
    expect(cluster, &before, Some("before the loss"), &mut verdict).await?;
    let after = publish(cluster, &user, "after the loss").await?;
    expect(cluster, &after, Some("after the loss"), &mut verdict).await?;
    let took = sql::caught_up(cluster.stack).await?;
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    verdict.figure(format!("{kept} posts kept; the new replica caught up within {} ms", took.as_millis()));
    Ok(verdict)
}

/// The number of posts on the primary, and the timeline of its log.
async fn state(cluster: &Cluster<'_>) -> Result<(u64, u64)> {
    let posts = sql::number(cluster.stack, "SELECT count(*) FROM posts").await?;
    let timeline = sql::number(cluster.stack, "SELECT timeline_id FROM pg_control_checkpoint()").await?;
    Ok((posts, timeline))
}
