//! Deletes a comment.

use std::sync::Arc;

use domain::{CommentId, Principal, RepositoryError, Revision};

use crate::ports::{Change, CommentRepository};

/// Why a comment was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteCommentError {
    /// The comment does not exist or was deleted.
    #[error("there is no such comment")]
    NotFound,
    /// Another user wrote the comment, and another user wrote the post.
    #[error("only its author or the author of the post may delete a comment")]
    NotAnOwner,
    /// It was edited since the client read it.
    #[error("the comment was changed meanwhile")]
    Stale,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Deletes a comment.
pub struct DeleteComment {
    comments: Arc<dyn CommentRepository>,
}

impl DeleteComment {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>) -> Self {
        Self { comments }
    }

    /// Deletes the comment if `actor` wrote it or its post.
    pub async fn execute(
        &self,
        id: CommentId,
        actor: Principal,
        expected: Option<Revision>,
    ) -> Result<(), DeleteCommentError> {
        let owners = self.comments.find_owners(id).await?.ok_or(DeleteCommentError::NotFound)?;
        if ![owners.author, owners.post_author].contains(&actor.user_id) {
            return Err(DeleteCommentError::NotAnOwner);
        }
        match self.comments.delete(id, actor, expected).await? {
            Change::Changed(()) => Ok(()),
            Change::NotFound => Err(DeleteCommentError::NotFound),
            Change::Stale => Err(DeleteCommentError::Stale),
            Change::SessionEnded => Err(DeleteCommentError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CommentOwners, MockCommentRepository};
    use crate::test_support::{id, principal};

    fn comments() -> MockCommentRepository {
        let mut comments = MockCommentRepository::new();
        comments.expect_find_owners().returning(|_| Ok(Some(CommentOwners { author: id(7), post_author: id(8) })));
        comments
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn allows_the_author_and_the_author_of_the_post() {
            for actor in [7, 8] {
                let mut comments = comments();
                comments.expect_delete().once().returning(|_, _, _| Ok(Change::Changed(())));
                assert!(DeleteComment::new(Arc::new(comments)).execute(id(1), principal(actor), None).await.is_ok());
            }
        }

        #[tokio::test]
        async fn rejects_a_stranger() {
            let result = DeleteComment::new(Arc::new(comments())).execute(id(1), principal(9), None).await;
            assert!(matches!(result, Err(DeleteCommentError::NotAnOwner)));
        }
    }
}
