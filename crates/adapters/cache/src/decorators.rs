//! The ports of which reads are served from copies, one file a port. Writes pass: what they touch follows from their facts.
//!
//! Each decorator has the repository that it stands before (`inner`), which serves whatever is not copied, and where it
//! fills copies the same port as a `loader`: over a database that has all that was heard of, or says that it is unavailable.
//! Then `inner` is asked instead, which may know less, and no copy is kept.

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

/// Asks the loader, or whoever else answers if that cannot.
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

/// The page as `viewer` sees it, with at most one question to `likes`.
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

/// The post as `viewer` sees it, with at most one question to `likes`.
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
