//! Edits a comment.

use std::sync::Arc;

use domain::{Clock, CommentId, CommentView, Content, Principal, RepositoryError, Revision};

use crate::ports::{Change, CommentRepository, Edit};

/// The edit of a comment.
#[derive(Debug, Clone)]
pub struct EditCommentCommand {
    /// The id of the comment.
    pub id: CommentId,
    /// The user who edits.
    pub actor: Principal,
    pub content: Content,
    /// The revision that the client expects; with any other the edit is rejected as stale.
    pub expected: Option<Revision>,
}

/// Why a comment was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditCommentError {
    /// The comment does not exist or was deleted.
    #[error("there is no such comment")]
    NotFound,
    /// Another user wrote it.
    #[error("only its author may edit a comment")]
    NotTheAuthor,
    /// It was edited since the client read it.
    #[error("the comment was changed meanwhile")]
    Stale,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Edits a comment.
pub struct EditComment {
    comments: Arc<dyn CommentRepository>,
    clock: Arc<dyn Clock>,
}

impl EditComment {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { comments, clock }
    }

    /// Stores the new text, and returns the edited comment.
    pub async fn execute(&self, command: EditCommentCommand) -> Result<CommentView, EditCommentError> {
        let owners = self.comments.find_owners(command.id).await?.ok_or(EditCommentError::NotFound)?;
        if owners.author != command.actor.user_id {
            return Err(EditCommentError::NotTheAuthor);
        }
        let edit = Edit { content: command.content, at: self.clock.now(), expected: command.expected };
        match self.comments.edit(command.id, &edit, command.actor).await? {
            Change::Changed(comment) => Ok(comment),
            Change::NotFound => Err(EditCommentError::NotFound),
            Change::Stale => Err(EditCommentError::Stale),
            Change::SessionEnded => Err(EditCommentError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Viewed;

    use super::*;
    use crate::ports::{CommentOwners, MockCommentRepository};
    use crate::test_support::{FixedClock, NOW, comment, id, principal};

    fn command() -> EditCommentCommand {
        EditCommentCommand {
            id: id(1),
            actor: principal(7),
            content: Content::parse("better").unwrap(),
            expected: None,
        }
    }

    fn owned_by(author: u32, post_author: u32) -> MockCommentRepository {
        let mut comments = MockCommentRepository::new();
        comments
            .expect_find_owners()
            .returning(move |_| Ok(Some(CommentOwners { author: id(author), post_author: id(post_author) })));
        comments
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_text_and_the_time() {
            let mut comments = owned_by(7, 8);
            comments
                .expect_edit()
                .withf(|_, edit, _| edit.content.as_str() == "better" && edit.at == NOW)
                .once()
                .returning(|_, _, _| Ok(Change::Changed(Viewed::new(comment(1, 7), None))));

            let edited = EditComment::new(Arc::new(comments), Arc::new(FixedClock)).execute(command()).await;

            assert_eq!(edited.unwrap().subject.id, id(1));
        }

        #[tokio::test]
        async fn rejects_even_the_author_of_the_post() {
            let edit = EditComment::new(Arc::new(owned_by(8, 7)), Arc::new(FixedClock));
            assert!(matches!(edit.execute(command()).await, Err(EditCommentError::NotTheAuthor)));
        }
    }
}
