//! Runs the commands of the operations guide word for word and checks their effect.

pub(super) mod another_instance;
pub(super) mod fail_over;
pub(super) mod replica_anew;
pub(super) mod restore;
pub(super) mod rolling_restart;

use std::process::Output;

use anyhow::Result;

use crate::cluster::Cluster;
use crate::guide::Sequence;
use crate::http::{Call, User};
use crate::stack::Service;
use crate::verdict::Verdict;

/// Runs the commands of `sequence`. A failing command is recorded in the verdict.
async fn follow(cluster: &Cluster<'_>, sequence: Sequence, verdict: &mut Verdict) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = cluster.stack.follow(sequence, folder.path(), None).await?;
    verdict.check(output.status.success(), || failed(sequence, &output));
    Ok(())
}

fn failed(sequence: Sequence, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{sequence:?} ended with {}: {}", output.status, said.lines().last().unwrap_or_default())
}

/// Names of the services whose containers were replaced.
fn replaced(before: &[String], after: &[String]) -> Vec<&'static str> {
    let pairs = Service::ALL.iter().zip(before.iter().zip(after));
    pairs.filter(|(_, (before, after))| before != after).map(|(service, _)| service.name()).collect()
}

/// Publishes a post and returns its path.
async fn publish(cluster: &Cluster<'_>, user: &User, content: &str) -> Result<String> {
    let post = cluster.gateway.succeed(&Call::publish(content).by(user)).await?;
    Ok(format!("/v1/posts/{}", post.text("/id")))
}

/// Records a post with another content; `None` expects that the post does not exist.
async fn expect(cluster: &Cluster<'_>, path: &str, content: Option<&str>, verdict: &mut Verdict) -> Result<()> {
    let reply = cluster.gateway.ask(&Call::get(path)).await?;
    let said = (reply.status == 200).then(|| reply.text("/content"));
    verdict
        .check(said == content, || format!("{path} is answered {} and says {said:?}, not {content:?}", reply.status));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn names_the_replaced_services() {
        let before = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        let mut after = before.clone();
        assert!(replaced(&before, &after).is_empty());
        "x".clone_into(&mut after[3]);
        assert_eq!(replaced(&before, &after), ["app1"]);
    }
}
