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

use ::posts::ports::PostLikes;
use domain::{ContentViewer, Page, Post, PostId, PostPage, PostView, RepositoryError, Shared, UserId};

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

/// Adds the flags of `viewer` to the page, with at most one query to `likes`.
async fn seen_by(
    viewer: Option<UserId>,
    page: &Shared<Page<Post>>,
    likes: &dyn PostLikes,
) -> Result<PostPage, RepositoryError> {
    let Some(viewer) = viewer.filter(|_| !page.items.is_empty()) else {
        return Ok(PostPage::anonymous(page.clone()));
    };
    let ids: Vec<PostId> = page.items.iter().map(|post| post.id).collect();
    let liked = likes.liked(viewer, &ids).await?;
    let viewers = ids.iter().map(|id| ContentViewer { liked: liked.contains(id) }).collect();
    Ok(PostPage { page: page.clone(), viewers: Some(viewers) })
}

/// Adds the flags of `viewer` to the post, with at most one query to `likes`.
async fn post_seen_by(
    viewer: Option<UserId>,
    post: &Shared<Post>,
    likes: &dyn PostLikes,
) -> Result<PostView, RepositoryError> {
    let viewer = match viewer {
        Some(viewer) => Some(ContentViewer { liked: likes.liked(viewer, &[post.id]).await?.contains(&post.id) }),
        None => None,
    };
    Ok(PostView { subject: post.clone(), viewer })
}
