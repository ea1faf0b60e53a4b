//! Removing a post.

use std::sync::Arc;

use domain::{PostId, Principal, RepositoryError, Revision};

use crate::ports::{Change, PostRemover, PostRepository};

/// Why a post was not removed.
#[derive(Debug, thiserror::Error)]
pub enum DeletePostError {
    /// There is none.
    #[error("there is no such post")]
    NotFound,
    /// Somebody else wrote it.
    #[error("only its author may delete a post")]
    NotTheAuthor,
    /// It was edited since the client saw it.
    #[error("the post was changed meanwhile")]
    Stale,
    /// The session ended meanwhile, with the account or without.
    #[error("the session has ended")]
    SessionEnded,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Removes a post with everything that hangs on it.
pub struct DeletePost {
    posts: Arc<dyn PostRepository>,
    remover: Arc<dyn PostRemover>,
}

impl DeletePost {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>, remover: Arc<dyn PostRemover>) -> Self {
        Self { posts, remover }
    }

    /// Removes the post if `actor` wrote it, and it is still at the `expected` revision.
    pub async fn execute(
        &self,
        id: PostId,
        actor: Principal,
        expected: Option<Revision>,
    ) -> Result<(), DeletePostError> {
        let post = self.posts.find(id, Some(actor.user_id)).await?.ok_or(DeletePostError::NotFound)?;
        if post.subject.author.id != actor.user_id {
            return Err(DeletePostError::NotTheAuthor);
        }
        match self.posts.delete(id, actor, expected).await? {
            Change::Changed(()) => {
                self.remover.remove(id).await;
                Ok(())
            }
            Change::NotFound => Err(DeletePostError::NotFound),
            Change::Stale => Err(DeletePostError::Stale),
            Change::SessionEnded => Err(DeletePostError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Viewed;

    use super::*;
    use crate::ports::{MockPostRemover, MockPostRepository};
    use crate::test_support::{id, post, principal};

    fn delete(author: u32, outcome: Option<Change<()>>) -> DeletePost {
        let mut posts = MockPostRepository::new();
        posts.expect_find().returning(move |_, _| Ok(Some(Viewed::new(post(1, author), None))));
        let mut remover = MockPostRemover::new();
        let removed = usize::from(outcome == Some(Change::Changed(())));
        remover.expect_remove().times(removed).withf(|post| *post == id(1)).return_const(());
        if let Some(outcome) = outcome {
            posts.expect_delete().once().return_once(move |_, _, _| Ok(outcome));
        }
        DeletePost::new(Arc::new(posts), Arc::new(remover))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn removes_ones_own_post_and_has_its_rows_removed() {
            assert!(delete(7, Some(Change::Changed(()))).execute(id(1), principal(7), None).await.is_ok());
        }

        #[tokio::test]
        async fn says_not_found_when_another_request_was_faster() {
            assert!(matches!(
                delete(7, Some(Change::NotFound)).execute(id(1), principal(7), None).await,
                Err(DeletePostError::NotFound)
            ));
        }

        #[tokio::test]
        async fn says_that_the_session_ended_meanwhile() {
            let result = delete(7, Some(Change::SessionEnded)).execute(id(1), principal(7), None).await;
            assert!(matches!(result, Err(DeletePostError::SessionEnded)));
        }

        #[tokio::test]
        async fn rejects_everybody_but_the_author() {
            assert!(matches!(
                delete(8, None).execute(id(1), principal(7), None).await,
                Err(DeletePostError::NotTheAuthor)
            ));
        }
    }
}
