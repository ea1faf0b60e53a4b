//! Likes a comment, and takes the like back.

use std::sync::Arc;

use domain::{Clock, CommentId, Principal, RepositoryError};

use crate::ports::{CommentRepository, Like, Unlike};

/// Why a like was not stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum LikeCommentError {
    /// The comment does not exist or was deleted.
    #[error("there is no such comment")]
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Likes a comment, or takes the like back. Both are idempotent.
pub struct LikeComment {
    comments: Arc<dyn CommentRepository>,
    clock: Arc<dyn Clock>,
}

impl LikeComment {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { comments, clock }
    }

    /// Stores that `actor` likes the comment.
    pub async fn execute(&self, id: CommentId, actor: Principal) -> Result<(), LikeCommentError> {
        match self.comments.like(id, actor, self.clock.now()).await? {
            Like::Given | Like::Already => Ok(()),
            Like::NotFound => Err(LikeCommentError::NotFound),
            Like::SessionEnded => Err(LikeCommentError::SessionEnded),
        }
    }

    /// Removes the like of `actor`, if there is one.
    pub async fn undo(&self, id: CommentId, actor: Principal) -> Result<(), LikeCommentError> {
        match self.comments.unlike(id, actor).await? {
            Unlike::TakenBack | Unlike::Nothing => Ok(()),
            Unlike::NotFound => Err(LikeCommentError::NotFound),
            Unlike::SessionEnded => Err(LikeCommentError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockCommentRepository;
    use crate::test_support::{FixedClock, NOW, id, principal};

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_user_and_the_time() {
            let mut comments = MockCommentRepository::new();
            comments
                .expect_like()
                .withf(|liked, by, at| *liked == id(1) && *by == principal(7) && *at == NOW)
                .once()
                .returning(|_, _, _| Ok(Like::Given));
            assert!(
                LikeComment::new(Arc::new(comments), Arc::new(FixedClock)).execute(id(1), principal(7)).await.is_ok()
            );
        }
    }

    mod undo {
        use super::*;

        #[tokio::test]
        async fn rejects_a_missing_comment() {
            let mut comments = MockCommentRepository::new();
            comments.expect_unlike().returning(|_, _| Ok(Unlike::NotFound));
            let result = LikeComment::new(Arc::new(comments), Arc::new(FixedClock)).undo(id(1), principal(7)).await;
            assert!(matches!(result, Err(LikeCommentError::NotFound)));
        }
    }
}
