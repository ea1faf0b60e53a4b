//! Restarts one instance after the other, with a valid and with an invalid variable. The invalid one fails on either
//! instance.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::{failed, replaced};
use crate::cluster::Cluster;
use crate::guide::Sequence;
use crate::load::{Load, Manner};
use crate::stack::Service;
use crate::verdict::Verdict;

/// A valid value, different from the one that the stack was started with.
const GOOD: (&str, &str) = ("CACHE_TTL", "299s");
/// An invalid value, with which no instance starts.
const BAD: (&str, &str) = ("CACHE_TTL", "soon");

/// The pause between two instances that the guide prescribes.
const UNTIL_ASKED_AGAIN: Duration = Duration::from_secs(4);

/// Changes a variable to a valid value, to an invalid one and back: no request fails.
pub(in super::super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let stack = cluster.stack;
    let folder = tempfile::tempdir()?;
    let load = Load::start(cluster, "guide-rolling", Manner::OnceOnly).await?;

    let first = stack.containers().await?;
    let output = stack.follow(Sequence::RollingRestart, folder.path(), Some(GOOD)).await?;
    verdict.check(output.status.success(), || failed(Sequence::RollingRestart, &output));
    let second = stack.containers().await?;
    let rolled = replaced(&first, &second);
    verdict.check(rolled == ["app1", "app2"], || format!("{rolled:?} were recreated, not app1 and app2"));

    stack.plain_up(Some(GOOD)).await?;
    let third = stack.containers().await?;
    let after_all = replaced(&second, &third);
    verdict.check(after_all.is_empty(), || format!("the next `docker compose up` recreates {after_all:?}"));

    let output = stack.follow(Sequence::RollingRestart, folder.path(), Some(BAD)).await?;
    verdict.check(!output.status.success(), || "with a bad variable it ends without an error".to_owned());
    let fourth = stack.containers().await?;
    let broken = replaced(&third, &fourth);
    verdict.check(broken.len() == 1, || format!("with a bad variable {broken:?} were recreated, not one instance"));
    verdict.figure(format!("with a bad variable it ends after {}", broken.join(", ")));

    // The other order: if the last instance does not serve, the first one must not be stopped.
    stack.replace(Service::App1, GOOD).await?;
    stack.healthy(Service::App1).await?;
    sleep(UNTIL_ASKED_AGAIN).await;
    stack.replace(Service::App2, BAD).await?;
    let output = stack.follow(Sequence::RollingRestart, folder.path(), None).await?;
    verdict.check(output.status.success(), || failed(Sequence::RollingRestart, &output));
    for service in [Service::App1, Service::App2] {
        stack.healthy(service).await?;
    }
    let period = load.stop().await?;
    period.judge(&mut verdict, |_| false);
    period.audit(cluster, &mut verdict).await?;
    Ok(verdict)
}
