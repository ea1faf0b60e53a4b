//! The system is backed up and restored.

use anyhow::Result;

use super::{expect, failed, publish};
use crate::cluster::Cluster;
use crate::guide::Sequence;
use crate::sql;
use crate::verdict::Verdict;

/// Reads of a post, enough for every instance to have it in its cache.
const READS: usize = 4;

/// Data from before the backup is there again, later data is gone, and writes succeed.
pub(in super::super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let folder = tempfile::tempdir()?;
    let user = cluster.somebody(&cluster.gateway).await?;
    let kept = publish(cluster, &user, "before the backup").await?;
    let backup = cluster.stack.follow(Sequence::Backup, folder.path(), None).await?;
    verdict.check(backup.status.success(), || failed(Sequence::Backup, &backup));

    let lost = publish(cluster, &user, "after the backup").await?;
    for _ in 0..READS {
        expect(cluster, &lost, Some("after the backup"), &mut verdict).await?;
    }
    let restore = cluster.stack.follow(Sequence::Restore, folder.path(), None).await?;
    verdict.check(restore.status.success(), || failed(Sequence::Restore, &restore));

    for _ in 0..READS {
        expect(cluster, &kept, Some("before the backup"), &mut verdict).await?;
        expect(cluster, &lost, None, &mut verdict).await?;
    }
    let written = publish(cluster, &user, "after the restore").await?;
    expect(cluster, &written, Some("after the restore"), &mut verdict).await?;
    sql::caught_up(cluster.stack).await?;
    sql::contradictions(cluster.stack).await?.iter().for_each(|contradiction| verdict.wrong(contradiction));
    let posts = sql::number(cluster.stack, "SELECT count(*) FROM posts").await?;
    verdict.figure(format!("{posts} posts are there; the one of after the backup is gone"));
    Ok(verdict)
}
