//! Adds a comment to a post, or a reply to a comment.

use std::sync::Arc;

use domain::{Clock, Comment, CommentId, Content, IdGenerator, IdempotencyKey, PostId, Principal, RepositoryError};

use crate::idempotency::{Fingerprint, IdempotentRequest, Written};
use crate::ports::{AddCommentOutcome, CommentRepository, NewComment, Write};

/// A comment to add.
#[derive(Debug, Clone)]
pub struct AddCommentCommand {
    /// The post to comment on.
    pub post: PostId,
    /// The comment to reply to, if any.
    pub parent: Option<CommentId>,
    /// The author, with the session.
    pub author: Principal,
    pub content: Content,
    /// The client's key for this effect, under which the request may be repeated.
    pub key: Option<IdempotencyKey>,
}

/// Why a comment was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddCommentError {
    /// The post does not exist.
    #[error("there is no such post")]
    PostNotFound,
    /// The comment to reply to does not exist or was deleted.
    #[error("there is no such comment to reply to")]
    ParentNotFound,
    /// The comment to reply to belongs to another post.
    #[error("the comment to reply to is about another post")]
    ParentOnOtherPost,
    /// The comment to reply to has the greatest allowed depth.
    #[error("a reply may be at most {} levels below the top of its thread", Comment::DEEPEST)]
    TooDeep,
    /// The key belongs to an earlier request with other content.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Adds a comment to a post, or a reply to a comment.
pub struct AddComment {
    comments: Arc<dyn CommentRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl AddComment {
    /// Creates the use case.
    pub fn new(comments: Arc<dyn CommentRepository>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { comments, clock, ids }
    }

    /// Stores the comment and returns it. A repeated request with the same key returns the comment of the first one.
    pub async fn execute(&self, command: AddCommentCommand) -> Result<Written<Comment>, AddCommentError> {
        let now = self.clock.now();
        let request = command.key.map(|key| {
            let parent = command.parent.as_ref().map_or("", CommentId::as_str);
            let parts = [command.post.as_str(), parent, command.content.as_str()];
            IdempotentRequest::new(key, Fingerprint::of("add_comment", &parts), now)
        });
        let comment = NewComment {
            id: CommentId::generate(self.ids.as_ref()),
            post_id: command.post,
            parent_id: command.parent,
            author_id: command.author.user_id,
            session_id: command.author.session_id,
            content: command.content,
            created_at: now,
            deepest: Comment::DEEPEST,
        };
        match self.comments.add(&comment, request.as_ref()).await? {
            AddCommentOutcome::Write(Write::Stored(item)) => Ok(Written { item, replayed: false }),
            AddCommentOutcome::Write(Write::Replayed(item)) => Ok(Written { item, replayed: true }),
            AddCommentOutcome::Write(Write::KeyReused) => Err(AddCommentError::KeyReused),
            AddCommentOutcome::Write(Write::SessionEnded) => Err(AddCommentError::SessionEnded),
            AddCommentOutcome::PostNotFound => Err(AddCommentError::PostNotFound),
            AddCommentOutcome::ParentNotFound => Err(AddCommentError::ParentNotFound),
            AddCommentOutcome::ParentOnOtherPost => Err(AddCommentError::ParentOnOtherPost),
            AddCommentOutcome::TooDeep => Err(AddCommentError::TooDeep),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockCommentRepository;
    use crate::test_support::{FixedClock, FixedIds, NOW, comment, id, principal};

    fn command(parent: Option<CommentId>, key: Option<&str>) -> AddCommentCommand {
        AddCommentCommand {
            post: id(100),
            parent,
            author: principal(7),
            content: Content::parse("hello").unwrap(),
            key: key.map(|raw| IdempotencyKey::parse(raw).unwrap()),
        }
    }

    fn add(comments: MockCommentRepository) -> AddComment {
        AddComment::new(Arc::new(comments), Arc::new(FixedClock), Arc::new(FixedIds))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_a_reply_with_its_parent() {
            let mut comments = MockCommentRepository::new();
            comments
                .expect_add()
                .withf(|new, _| {
                    (new.id, new.post_id, new.parent_id) == (id(1), id(100), Some(id(5)))
                        && (new.author_id, new.session_id, new.created_at) == (id(7), id(1007), NOW)
                        && new.deepest == 100
                })
                .once()
                .returning(|_, _| Ok(AddCommentOutcome::Write(Write::Stored(comment(1, 7)))));

            let written = add(comments).execute(command(Some(id(5)), None)).await.unwrap();

            assert_eq!((written.item.id, written.replayed), (id(1), false));
        }

        #[tokio::test]
        async fn distinguishes_a_reply_from_a_comment_with_the_same_key() {
            let fingerprint = |parent| async move {
                let (sender, receiver) = std::sync::mpsc::channel();
                let mut comments = MockCommentRepository::new();
                comments.expect_add().returning(move |_, request| {
                    sender.send(request.map(|r| r.fingerprint)).unwrap();
                    Ok(AddCommentOutcome::Write(Write::KeyReused))
                });
                let result = add(comments).execute(command(parent, Some("k"))).await;
                assert!(matches!(result, Err(AddCommentError::KeyReused)));
                receiver.recv().unwrap().unwrap()
            };
            assert_ne!(fingerprint(None).await, fingerprint(Some(id(5))).await);
        }

        #[tokio::test]
        async fn rejects_a_parent_on_another_post() {
            let mut comments = MockCommentRepository::new();
            comments.expect_add().returning(|_, _| Ok(AddCommentOutcome::ParentOnOtherPost));
            let result = add(comments).execute(command(Some(id(5)), None)).await;
            assert!(matches!(result, Err(AddCommentError::ParentOnOtherPost)));
        }

        #[tokio::test]
        async fn rejects_a_reply_that_is_too_deep() {
            let mut comments = MockCommentRepository::new();
            comments.expect_add().returning(|_, _| Ok(AddCommentOutcome::TooDeep));
            let result = add(comments).execute(command(Some(id(5)), None)).await;
            assert!(matches!(result, Err(AddCommentError::TooDeep)));
        }
    }
}
