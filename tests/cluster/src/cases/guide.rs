//! The commands of the operations guide do what it says, typed word for word.

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

/// Follows the guide; what ends with an error is noted.
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

/// Which services have other containers now.
fn replaced(before: &[String], after: &[String]) -> Vec<&'static str> {
    let pairs = Service::ALL.iter().zip(before.iter().zip(after));
    pairs.filter(|(_, (before, after))| before != after).map(|(service, _)| service.name()).collect()
}

/// Publishes, and answers the post's path.
async fn publish(cluster: &Cluster<'_>, user: &User, content: &str) -> Result<String> {
    let post = cluster.gateway.succeed(&Call::publish(content).by(user)).await?;
    Ok(format!("/v1/posts/{}", post.text("/id")))
}

/// Notes a post that does not say what it must; `None` for one that must not be there.
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
    fn names_what_was_replaced() {
        let before = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        let mut after = before.clone();
        assert!(replaced(&before, &after).is_empty());
        "x".clone_into(&mut after[3]);
        assert_eq!(replaced(&before, &after), ["app1"]);
    }
}
