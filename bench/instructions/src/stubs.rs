//! Ports that return constant values at once, so that only the layers above them are measured.

use accounts::ports::{AccessTokens, EndedSessions, SigningError};
use async_trait::async_trait;
use domain::{
    Clock, Cuid, IdGenerator, Page, PageRequest, Post, PostId, PostPage, PostView, PostViewer, Principal,
    RepositoryError, Revision, SessionId, Shared, Timestamp, UserId, UserRef, UserView,
};
use feed::ports::TimelineRepository;
use posts::IdempotentRequest;
use posts::ports::{Change, Edit, Like, NewPost, PostRepository, Unlike, Write};

use crate::samples::NOW;

/// A clock that stands still.
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Generates the same id every time.
pub(crate) struct FixedId(pub(crate) Cuid);

impl IdGenerator for FixedId {
    fn generate(&self) -> Cuid {
        self.0
    }
}

/// Accepts every token as the same principal.
pub(crate) struct FixedPrincipal(pub(crate) Principal);

impl AccessTokens for FixedPrincipal {
    fn sign(&self, _: &Principal, _: Timestamp, _: Timestamp) -> Result<String, SigningError> {
        Ok("token".to_owned())
    }

    fn verify(&self, _: &str, _: Timestamp) -> Option<Principal> {
        Some(self.0)
    }
}

/// No session has ended.
pub(crate) struct NoneEnded;

#[async_trait]
impl EndedSessions for NoneEnded {
    fn contains(&self, _: SessionId) -> bool {
        false
    }

    async fn learn(&self, _: Timestamp) -> Result<(), RepositoryError> {
        Ok(())
    }
}

/// A public feed of one page.
pub(crate) struct OnePage {
    pub(crate) page: Shared<Page<Post>>,
    /// Whether all readers share the page, or each gets one that is not encoded yet.
    pub(crate) shared: bool,
}

#[async_trait]
impl TimelineRepository for OnePage {
    async fn public(&self, _: PageRequest, _: Option<UserId>) -> Result<PostPage, RepositoryError> {
        let page = if self.shared { self.page.clone() } else { Shared::new((*self.page).clone()) };
        Ok(PostPage::anonymous(page))
    }

    async fn home(&self, _: UserId, _: PageRequest) -> Result<PostPage, RepositoryError> {
        Err(unasked("home"))
    }
}

/// A store with one post, which accepts writes and stores nothing.
pub(crate) struct OnePost(pub(crate) Shared<Post>);

#[async_trait]
impl PostRepository for OnePost {
    async fn find(&self, _: PostId, _: Option<UserId>) -> Result<Option<PostView>, RepositoryError> {
        Ok(Some(PostView::new(self.0.clone(), None::<PostViewer>)))
    }

    async fn list_by_user(
        &self,
        _: &UserRef,
        _: PageRequest,
        _: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError> {
        Err(unasked("list_by_user"))
    }

    async fn publish<'a>(
        &self,
        post: &NewPost,
        _: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError> {
        Ok(Write::Stored(Post {
            id: post.id,
            author: self.0.author.clone(),
            content: post.content.clone(),
            created_at: post.created_at,
            edited_at: None,
            revision: Revision(0),
            like_count: 0,
            comment_count: 0,
        }))
    }

    async fn edit(&self, _: PostId, _: &Edit, _: Principal) -> Result<Change<PostView>, RepositoryError> {
        Err(unasked("edit"))
    }

    async fn delete(&self, _: PostId, _: Principal, _: Option<Revision>) -> Result<Change<()>, RepositoryError> {
        Err(unasked("delete"))
    }

    async fn like(&self, _: PostId, _: Principal, _: Timestamp) -> Result<Like, RepositoryError> {
        Err(unasked("like"))
    }

    async fn unlike(&self, _: PostId, _: Principal) -> Result<Unlike, RepositoryError> {
        Err(unasked("unlike"))
    }

    async fn list_likes(
        &self,
        _: PostId,
        _: PageRequest,
        _: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        Err(unasked("list_likes"))
    }
}

/// The error of operations that no measured work uses.
fn unasked(operation: &'static str) -> RepositoryError {
    RepositoryError::new(operation, "there is no such stub")
}
