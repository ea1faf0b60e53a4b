//! The minimum work of each workload, as `pgbench` scripts.

use accounts::ports::UserRepository as _;
use anyhow::Result;
use domain::{PageRequest, UserRef, Username};
use feed::ports::TimelineRepository as _;
use persistence::{SeaCommentRepository, SeaPostRepository, SeaTimelineRepository, SeaUserRepository};
use posts::ports::{CommentRepository as _, PostRepository as _, PostViewers as _, Thread};

use crate::script::Script;
use crate::statements::Watched;
use crate::workloads::What;
use crate::world::World;

/// Number of variants that a ceiling uses, one per client.
const VARIANTS: usize = 64;

/// The `pgbench` script that does to the database what the workload `what` does.
///
/// # Errors
/// If the statements cannot be captured.
pub async fn script(what: What, world: &World, watched: &Watched) -> Result<Script> {
    Ok(match what {
        What::Publish => written(include_str!("../sql/publish.sql"), 1),
        What::Comment { posts } => written(include_str!("../sql/comment.sql"), posts),
        What::Like { posts } => written(include_str!("../sql/like.sql"), posts),
        read => captured_statements(read, world, watched).await?,
    })
}

/// A hand-written script for a number of posts.
fn written(text: &str, posts: usize) -> Script {
    let variables = [("last_post", posts.saturating_sub(1)), ("liked", 0), ("liked_post", 0)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_string())).to_vec();
    Script { text: text.to_owned(), variables }
}

/// The statements of the repositories. Workloads with many users or posts get several variants.
async fn captured_statements(what: What, world: &World, watched: &Watched) -> Result<Script> {
    let timelines = SeaTimelineRepository::new(watched.database.clone());
    let posts = SeaPostRepository::new(watched.database.clone());
    let comments = SeaCommentRepository::new(watched.database.clone());
    let users = SeaUserRepository::new(watched.database.clone());
    let first = PageRequest::default();
    let mut variants = Vec::new();
    let mut keep = || -> Result<()> {
        variants.push(watched.take()?);
        Ok(())
    };
    match what {
        What::PublicFeed => {
            timelines.public(first, None).await?;
            keep()?;
        }
        What::SignedInFeed => {
            for reader in world.readers.iter().take(VARIANTS) {
                posts.viewers(reader.id, world.first_page()).await?;
                keep()?;
            }
        }
        What::DeepFeed => {
            timelines.public(PageRequest { after: Some(world.deep.position), ..first }, None).await?;
            keep()?;
        }
        What::Post | What::Posts | What::PostUnchanged => {
            posts.find(world.post, None).await?;
            keep()?;
        }
        What::Comments => {
            let step = (world.spread().count() / VARIANTS).max(1);
            for post in world.spread().step_by(step).take(VARIANTS) {
                comments.list(Thread::Post(post), first, None).await?;
                keep()?;
            }
        }
        What::UserByName => {
            users.find(&UserRef::Username(Username::parse(&world.username)?), None).await?;
            keep()?;
        }
        What::Home(followed) => {
            for (_, account) in world.followers.iter().filter(|(count, _)| *count == followed) {
                timelines.home(account.id, first).await?;
                keep()?;
            }
        }
        What::PostWithComments | What::Publish | What::Comment { .. } | What::Like { .. } | What::Mixed => {}
    }
    Ok(Script::of(variants))
}
