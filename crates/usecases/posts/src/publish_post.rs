//! Publishes a post.

use std::sync::Arc;

use domain::{Clock, Content, IdGenerator, IdempotencyKey, Post, PostId, Principal, RepositoryError};

use crate::idempotency::{Fingerprint, IdempotentRequest, Written};
use crate::ports::{NewPost, PostRepository, Write};

/// A post to publish.
#[derive(Debug, Clone)]
pub struct PublishPostCommand {
    /// The author, with the session.
    pub author: Principal,
    pub content: Content,
    /// The client's key for this effect, under which the request may be repeated.
    pub key: Option<IdempotencyKey>,
}

/// Why a post was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishPostError {
    /// The key belongs to an earlier request with other content.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Publishes a post.
pub struct PublishPost {
    posts: Arc<dyn PostRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl PublishPost {
    /// Creates the use case.
    pub fn new(posts: Arc<dyn PostRepository>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { posts, clock, ids }
    }

    /// Stores the post and returns it. A repeated request with the same key returns the post of the first one.
    pub async fn execute(&self, command: PublishPostCommand) -> Result<Written<Post>, PublishPostError> {
        let now = self.clock.now();
        let request = command.key.map(|key| {
            let fingerprint = Fingerprint::of("publish_post", &[command.content.as_str()]);
            IdempotentRequest::new(key, fingerprint, now)
        });
        let post = NewPost {
            id: PostId::generate(self.ids.as_ref()),
            author_id: command.author.user_id,
            session_id: command.author.session_id,
            content: command.content,
            created_at: now,
        };
        match self.posts.publish(&post, request.as_ref()).await? {
            Write::Stored(item) => Ok(Written { item, replayed: false }),
            Write::Replayed(item) => Ok(Written { item, replayed: true }),
            Write::KeyReused => Err(PublishPostError::KeyReused),
            Write::SessionEnded => Err(PublishPostError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idempotency::REPLAY_WINDOW;
    use crate::ports::MockPostRepository;
    use crate::test_support::{FixedClock, FixedIds, NOW, id, post, principal};

    fn command(key: Option<&str>) -> PublishPostCommand {
        PublishPostCommand {
            author: principal(7),
            content: Content::parse("hello").unwrap(),
            key: key.map(|raw| IdempotencyKey::parse(raw).unwrap()),
        }
    }

    fn publish(posts: MockPostRepository) -> PublishPost {
        PublishPost::new(Arc::new(posts), Arc::new(FixedClock), Arc::new(FixedIds))
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_a_post_with_its_own_id_and_time() {
            let mut posts = MockPostRepository::new();
            posts
                .expect_publish()
                .withf(|new, request| {
                    new.id == id(1)
                        && (new.author_id, new.session_id) == (id(7), id(1007))
                        && new.created_at == NOW
                        && request.is_none()
                })
                .once()
                .returning(|_, _| Ok(Write::Stored(post(1, 7))));

            let written = publish(posts).execute(command(None)).await.unwrap();

            assert_eq!((written.item.id, written.replayed), (id(1), false));
        }

        #[tokio::test]
        async fn keeps_a_key_for_a_day() {
            let mut posts = MockPostRepository::new();
            posts
                .expect_publish()
                .withf(|_, request| request.is_some_and(|r| r.remembered_since == NOW.before(REPLAY_WINDOW)))
                .returning(|_, _| Ok(Write::Replayed(post(3, 7))));

            let written = publish(posts).execute(command(Some("k"))).await.unwrap();

            assert_eq!((written.item.id, written.replayed), (id(3), true));
        }

        #[tokio::test]
        async fn rejects_a_reused_key_and_an_ended_session() {
            for (outcome, wanted) in
                [(Write::KeyReused, PublishPostError::KeyReused), (Write::SessionEnded, PublishPostError::SessionEnded)]
            {
                let mut posts = MockPostRepository::new();
                posts.expect_publish().return_once(move |_, _| Ok(outcome));
                let error = publish(posts).execute(command(Some("k"))).await.unwrap_err();
                assert_eq!(error.to_string(), wanted.to_string());
            }
        }
    }
}
