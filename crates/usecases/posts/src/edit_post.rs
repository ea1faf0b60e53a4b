//! Changing what a post says.

use std::sync::Arc;

use domain::{Clock, Content, PostId, PostView, Principal, RepositoryError, Revision};

use crate::ports::{Change, Edit, PostRepository};

/// What somebody wants a post to say.
#[derive(Debug, Clone)]
pub struct EditPostCommand {
    /// Which post.
    pub id: PostId,
    /// Who asks.
    pub actor: Principal,
    /// What it shall say.
    pub content: Content,
    /// The revision that the client saw; another one means that its picture is stale.
    pub expected: Option<Revision>,
}

/// Why a post was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditPostError {
    /// There is none.
    #[error("there is no such post")]
    NotFound,
    /// Somebody else wrote it.
    #[error("only its author may edit a post")]
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

/// Changes what a post says.
pub struct EditPost {
    posts: Arc<dyn PostRepository>,
    clock: Arc<dyn Clock>,
}

impl EditPost {
    /// Wires the use case.
    pub fn new(posts: Arc<dyn PostRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { posts, clock }
    }

    /// Stores the new words and answers the post with them.
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
        async fn stores_the_words_the_time_and_the_expected_revision() {
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
        async fn rejects_everybody_but_the_author() {
            let edit = EditPost::new(Arc::new(written_by(Some(8))), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::NotTheAuthor)));
        }

        #[tokio::test]
        async fn rejects_what_is_not_there_and_what_moved_on() {
            let edit = EditPost::new(Arc::new(written_by(None)), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::NotFound)));

            let mut posts = written_by(Some(7));
            posts.expect_edit().returning(|_, _, _| Ok(Change::Stale));
            let edit = EditPost::new(Arc::new(posts), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditPostError::Stale)));
        }
    }
}
