//! Deletes a post.

use std::sync::Arc;

use domain::{PostId, Principal, RepositoryError, Revision};

use crate::ports::{Change, PostRemover, PostRepository};

/// Why a post was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeletePostError {
    /// The post does not exist.
    #[error("there is no such post")]
    NotFound,
    /// Another user wrote it.
    #[error("only its author may delete a post")]
    NotTheAuthor,
    /// It was edited since the client read it.
    #[error("the post was changed meanwhile")]
    Stale,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Deletes a post with its comments, likes and bookmarks.
pub struct DeletePost {
    posts: Arc<dyn PostRepository>,
    remover: Arc<dyn PostRemover>,
}

impl DeletePost {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>, remover: Arc<dyn PostRemover>) -> Self {
        Self { posts, remover }
    }

    /// Deletes the post if `actor` wrote it, and if it is at the `expected` revision.
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
        async fn hides_the_post_and_removes_its_rows() {
            assert!(delete(7, Some(Change::Changed(()))).execute(id(1), principal(7), None).await.is_ok());
        }

        #[tokio::test]
        async fn is_not_found_when_another_request_was_faster() {
            assert!(matches!(
                delete(7, Some(Change::NotFound)).execute(id(1), principal(7), None).await,
                Err(DeletePostError::NotFound)
            ));
        }

        #[tokio::test]
        async fn reports_an_ended_session() {
            let result = delete(7, Some(Change::SessionEnded)).execute(id(1), principal(7), None).await;
            assert!(matches!(result, Err(DeletePostError::SessionEnded)));
        }

        #[tokio::test]
        async fn rejects_all_but_the_author() {
            assert!(matches!(
                delete(8, None).execute(id(1), principal(7), None).await,
                Err(DeletePostError::NotTheAuthor)
            ));
        }
    }
}
