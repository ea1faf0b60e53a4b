//! Edits a post.

use std::sync::Arc;

use domain::{Clock, Content, PostId, PostView, Principal, RepositoryError, Revision};

use crate::ports::{Change, Edit, PostRepository};

/// The edit of a post.
#[derive(Debug, Clone)]
pub struct EditPostCommand {
    /// The id of the post.
    pub id: PostId,
    /// The user who edits.
    pub actor: Principal,
    pub content: Content,
    /// The revision that the client expects; with any other the edit is rejected as stale.
    pub expected: Option<Revision>,
}

/// Why a post was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditPostError {
    /// The post does not exist.
    #[error("there is no such post")]
    NotFound,
    /// Another user wrote it.
    #[error("only its author may edit a post")]
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

/// Edits a post.
pub struct EditPost {
    posts: Arc<dyn PostRepository>,
    clock: Arc<dyn Clock>,
}

impl EditPost {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { posts, clock }
    }

    /// Stores the new text, and returns the edited post.
    pub async fn execute(&self, command: EditPostCommand) -> Result<PostView, EditPostError> {
        let post = self.posts.find(command.id, Some(command.actor.user_id)).await?.ok_or(EditPostError::NotFound)?;
        if post.subject.author.id != command.actor.user_id {
            return Err(EditPostError::NotTheAuthor);
        }
        let edit = Edit { content: command.content, at: self.clock.now(), expected: command.expected };
        match self.posts.edit(command.id, &edit, command.actor).await? {
            Change::Changed(post) => Ok(post),
            Change::NotFound => Err(EditPostError::NotFound),
            Change::Stale => Err(EditPostError::Stale),
            Change::SessionEnded => Err(EditPostError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Viewed;

    use super::*;
    use crate::ports::MockPostRepository;
    use crate::test_support::{FixedClock, NOW, id, post, principal};

    fn command() -> EditPostCommand {
        EditPostCommand {
            id: id(1),
            actor: principal(7),
            content: Content::parse("better").unwrap(),
            expected: Some(Revision(0)),
        }
    }

    fn written_by(author: Option<u32>) -> MockPostRepository {
        let mut posts = MockPostRepository::new();
        posts.expect_find().returning(move |_, _| Ok(author.map(|author| Viewed::new(post(1, author), None))));
        posts
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_text_the_time_and_the_expected_revision() {
            let mut posts = written_by(Some(7));
            posts
                .expect_edit()
                .withf(|_, edit, by| {
                    edit.content.as_str() == "better"
                        && edit.at == NOW
                        && edit.expected == Some(Revision(0))
                        && *by == principal(7)
                })
                .once()
                .returning(|_, _, _| Ok(Change::Changed(Viewed::new(post(1, 7), None))));

            let edited = EditPost::new(Arc::new(posts), Arc::new(FixedClock)).execute(command()).await;

            assert_eq!(edited.unwrap().subject.id, id(1));
        }

        #[tokio::test]
        async fn rejects_all_but_the_author() {
            let edit = EditPost::new(Arc::new(written_by(Some(8))), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::NotTheAuthor)));
        }

        #[tokio::test]
        async fn rejects_a_missing_post_and_an_outdated_revision() {
            let edit = EditPost::new(Arc::new(written_by(None)), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::NotFound)));

            let mut posts = written_by(Some(7));
            posts.expect_edit().returning(|_, _, _| Ok(Change::Stale));
            let edit = EditPost::new(Arc::new(posts), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::Stale)));
        }
    }
}
