//! The decorators that serve reads of the ports from the cache, one file per port.
//!
//! Writes pass through: their facts say what they invalidate. Each decorator has two repositories of its port:
//! - `inner`, the decorated one, serves whatever is not cached;
//! - `loader` loads entries from a server that has every change received so far, or fails as unavailable.
//!
//! When `loader` is unavailable, `inner` serves the read. Its value may be stale, and is not stored.

mod posts;
#[cfg(test)]
mod tests;
mod timelines;
mod users;

pub use posts::CachedPosts;
pub use timelines::CachedTimelines;
pub use users::CachedUsers;

use ::posts::ports::PostViewers;
use domain::{Page, Post, PostId, PostPage, PostView, RepositoryError, Shared, UserId};

use crate::kept::entry::Value;
use crate::kept::read::Loaded;

/// Runs `loader`, and `otherwise` if it is unavailable. An overloaded loader has no fallback, which would add load.
async fn load(
    loader: impl Future<Output = Result<Value, RepositoryError>> + Send,
    otherwise: impl Future<Output = Result<Value, RepositoryError>> + Send,
) -> Result<Loaded, RepositoryError> {
    match loader.await {
        Ok(value) => Ok(Loaded { value, is_current: true }),
        Err(error) if error.is_unavailable() && !error.is_overload() => {
            tracing::debug!(%error, "no place to load copies from");
            Ok(Loaded { value: otherwise.await?, is_current: false })
        }
        Err(error) => Err(error),
    }
}

/// Adds the flags of `viewer` to the page, with at most one query to `viewers`.
async fn seen_by(
    viewer: Option<UserId>,
    page: &Shared<Page<Post>>,
    viewers: &dyn PostViewers,
) -> Result<PostPage, RepositoryError> {
    let Some(viewer) = viewer.filter(|_| !page.items.is_empty()) else {
        return Ok(PostPage::anonymous(page.clone()));
    };
    let ids: Vec<PostId> = page.items.iter().map(|post| post.id).collect();
    let flags = viewers.viewers(viewer, &ids).await?;
    let viewers = ids.iter().map(|id| flags.get(id).copied().unwrap_or_default()).collect();
    Ok(PostPage { page: page.clone(), viewers: Some(viewers) })
}

/// Adds the flags of `viewer` to the post, with at most one query to `viewers`.
async fn post_seen_by(
    viewer: Option<UserId>,
    post: &Shared<Post>,
    viewers: &dyn PostViewers,
) -> Result<PostView, RepositoryError> {
    let flags = match viewer {
        Some(viewer) => Some(viewers.viewers(viewer, &[post.id]).await?.remove(&post.id).unwrap_or_default()),
        None => None,
    };
    Ok(PostView { subject: post.clone(), viewer: flags })
}
