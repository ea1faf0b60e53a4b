//! Likes a post, and takes the like back.

use std::sync::Arc;

use domain::{Clock, PostId, Principal, RepositoryError};

use crate::ports::{Like, PostRepository, Unlike};

/// Why a like was not stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum LikePostError {
    /// The post does not exist.
    #[error("there is no such post")]
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Likes a post, or takes the like back. Both are idempotent.
pub struct LikePost {
    posts: Arc<dyn PostRepository>,
    clock: Arc<dyn Clock>,
}

impl LikePost {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { posts, clock }
    }

    /// Stores that `actor` likes the post.
    pub async fn execute(&self, id: PostId, actor: Principal) -> Result<(), LikePostError> {
        match self.posts.like(id, actor, self.clock.now()).await? {
            Like::Given | Like::Already => Ok(()),
            Like::NotFound => Err(LikePostError::NotFound),
            Like::SessionEnded => Err(LikePostError::SessionEnded),
        }
    }

    /// Removes the like of `actor`, if there is one.
    pub async fn undo(&self, id: PostId, actor: Principal) -> Result<(), LikePostError> {
        match self.posts.unlike(id, actor).await? {
            Unlike::TakenBack | Unlike::Nothing => Ok(()),
            Unlike::NotFound => Err(LikePostError::NotFound),
            Unlike::SessionEnded => Err(LikePostError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockPostRepository;
    use crate::test_support::{FixedClock, NOW, id, principal};

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_user_and_the_time() {
            let mut posts = MockPostRepository::new();
            posts
                .expect_like()
                .withf(|liked, by, at| *liked == id(1) && *by == principal(7) && *at == NOW)
                .once()
                .returning(|_, _, _| Ok(Like::Given));
            assert!(LikePost::new(Arc::new(posts), Arc::new(FixedClock)).execute(id(1), principal(7)).await.is_ok());
        }
    }

    mod undo {
        use super::*;

        #[tokio::test]
        async fn rejects_a_missing_post() {
            let mut posts = MockPostRepository::new();
            posts.expect_unlike().returning(|_, _| Ok(Unlike::NotFound));
            let result = LikePost::new(Arc::new(posts), Arc::new(FixedClock)).undo(id(1), principal(7)).await;
            assert!(matches!(result, Err(LikePostError::NotFound)));
        }
    }
}
