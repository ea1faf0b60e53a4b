//! Liking a post, and taking the like back.

use std::sync::Arc;

use domain::{Clock, PostId, Principal, RepositoryError};

use crate::ports::{Like, PostRepository, Unlike};

/// Why a like was not noted.
#[derive(Debug, thiserror::Error)]
pub enum LikePostError {
    /// There is nothing to like.
    #[error("there is no such post")]
    NotFound,
    /// The session ended meanwhile, with the account or without.
    #[error("the session has ended")]
    SessionEnded,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Likes a post, or takes the like back. Doing either twice is the same as once.
pub struct LikePost {
    posts: Arc<dyn PostRepository>,
    clock: Arc<dyn Clock>,
}

impl LikePost {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { posts, clock }
    }

    /// Notes that `actor` likes the post.
    pub async fn execute(&self, id: PostId, actor: Principal) -> Result<(), LikePostError> {
        match self.posts.like(id, actor, self.clock.now()).await? {
            Like::Given | Like::Already => Ok(()),
            Like::NotFound => Err(LikePostError::NotFound),
            Like::SessionEnded => Err(LikePostError::SessionEnded),
        }
    }

    /// Notes that `actor` does not like the post, or not any more.
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
        async fn notes_who_and_when() {
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
        async fn rejects_what_is_not_there() {
            let mut posts = MockPostRepository::new();
            posts.expect_unlike().returning(|_, _| Ok(Unlike::NotFound));
            let result = LikePost::new(Arc::new(posts), Arc::new(FixedClock)).undo(id(1), principal(7)).await;
            assert!(matches!(result, Err(LikePostError::NotFound)));
        }
    }
}
