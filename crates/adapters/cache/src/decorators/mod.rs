//! The ports of which reads are served from copies or writes touch copies, one file a port.
//!
//! Each decorator has the repository that it stands before (`inner`), which serves whatever is not copied, and where it
//! fills copies the same port as a `loader`: over a database that has all that was heard of, or says that it is unavailable.
//! Then `inner` is asked instead, which may know less, and no copy is kept.

mod comments;
mod follows;
mod posts;
mod timelines;
mod users;

pub use comments::CachedComments;
pub use follows::CachedFollows;
pub use posts::CachedPosts;
pub use timelines::CachedTimelines;
pub use users::CachedUsers;

use std::collections::HashSet;

use ::posts::ports::PostLikes;
use domain::{ContentViewer, Page, Post, PostId, PostView, RepositoryError, UserId, Viewed};

use crate::entry::Value;
use crate::read::Loaded;

/// Asks the loader, or whoever else answers if that cannot.
async fn load(
    loader: impl Future<Output = Result<Value, RepositoryError>> + Send,
    otherwise: impl Future<Output = Result<Value, RepositoryError>> + Send,
) -> Result<Loaded, RepositoryError> {
    match loader.await {
        Ok(value) => Ok(Loaded { value, is_current: true }),
        Err(error) if error.unavailable => {
            tracing::debug!(%error, "no place to load copies from");
            Ok(Loaded { value: otherwise.await?, is_current: false })
        }
        Err(error) => Err(error),
    }
}

/// The posts of a page without readers.
fn subjects(page: Page<PostView>) -> Page<Post> {
    page.map(|post| post.subject)
}

/// The page as `viewer` sees it, with at most one question to `likes`.
async fn seen_by(
    viewer: Option<UserId>,
    page: Page<Post>,
    likes: &dyn PostLikes,
) -> Result<Page<PostView>, RepositoryError> {
    let Some(viewer) = viewer else {
        return Ok(page.map(|post| Viewed::new(post, None)));
    };
    let ids: Vec<PostId> = page.items.iter().map(|post| post.id).collect();
    let liked = if ids.is_empty() { HashSet::new() } else { likes.liked(viewer, &ids).await? };
    Ok(page.map(|post| {
        let viewer = ContentViewer { liked: liked.contains(&post.id) };
        Viewed::new(post, Some(viewer))
    }))
}
