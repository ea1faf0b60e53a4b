//! The replica is discarded and copies the primary again.

use anyhow::Result;

use super::{follow, replaced};
use crate::cluster::Cluster;
use crate::guide::Sequence;
use crate::load::{Load, Manner};
use crate::verdict::Verdict;

/// No request fails, and the new replica has all data.
pub(in super::super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let before = cluster.stack.containers().await?;
    let load = Load::start(cluster, "guide-replica", Manner::OnceOnly).await?;
    follow(cluster, Sequence::ReplicaAnew, &mut verdict).await?;
    let period = load.stop().await?;
    let restarted = replaced(&before, &cluster.stack.containers().await?);
    verdict.check(restarted == ["postgres-replica"], || format!("{restarted:?} were recreated"));
    period.judge(&mut verdict, |_| false);
    period.audit(cluster, &mut verdict).await?;
    Ok(verdict)
}
