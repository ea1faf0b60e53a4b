//! Comments.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{CommentId, CommentView, Page, PageRequest, Principal, RepositoryError, Revision, Timestamp, UserId};
use posts::IdempotentRequest;
use posts::ports::{
    AddCommentOutcome, Change as Outcome, CommentOwners, CommentRepository, Edit, Like, NewComment, Thread, Write,
};

use crate::cache::Cache;
use crate::change::Change;
use crate::tag::Tag;

/// Announces what comments change on their posts. Comments are not copied: what touches nothing but comments passes.
pub struct CachedComments {
    inner: Arc<dyn CommentRepository>,
    cache: Cache,
}

impl CachedComments {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn CommentRepository>, cache: Cache) -> Self {
        Self { inner, cache }
    }
}

#[async_trait]
impl CommentRepository for CachedComments {
    async fn find(&self, id: CommentId, viewer: Option<UserId>) -> Result<Option<CommentView>, RepositoryError> {
        self.inner.find(id, viewer).await
    }

    async fn find_owners(&self, id: CommentId) -> Result<Option<CommentOwners>, RepositoryError> {
        self.inner.find_owners(id).await
    }

    async fn list(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, RepositoryError> {
        self.inner.list(thread, page, viewer).await
    }

    /// Touches the post: its count of comments. A replay announces again what the first request may not have come to
    /// announce.
    async fn add<'a>(
        &self,
        comment: &NewComment,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<AddCommentOutcome, RepositoryError> {
        let change = Change { by: Some(comment.author_id), tags: vec![Tag::Post(comment.post_id)] };
        let touches = |outcome: &AddCommentOutcome| {
            matches!(outcome, AddCommentOutcome::Write(Write::Stored(_) | Write::Replayed(_)))
        };
        self.cache.write(change, touches, self.inner.add(comment, request)).await
    }

    async fn edit(&self, id: CommentId, edit: &Edit, by: Principal) -> Result<Outcome<CommentView>, RepositoryError> {
        self.inner.edit(id, edit, by).await
    }

    /// Touches the post that the comment is about: its count of comments. Which that is has to be asked first; where
    /// nobody knows, and yet a comment goes, it may be any.
    async fn delete(
        &self,
        id: CommentId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Outcome<()>, RepositoryError> {
        let post = self.inner.find(id, Some(by.user_id)).await?.map(|comment| comment.subject.post_id);
        let change = Change { by: Some(by.user_id), tags: vec![post.map_or(Tag::Everything, Tag::Post)] };
        // A comment that is gone may have gone by a request whose instance did not come to announce it.
        let touches = |outcome: &Outcome<()>| post.is_some() || matches!(outcome, Outcome::Changed(()));
        self.cache.write(change, touches, self.inner.delete(id, by, expected)).await
    }

    async fn like(&self, id: CommentId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError> {
        self.inner.like(id, by, at).await
    }

    async fn unlike(&self, id: CommentId, by: Principal) -> Result<Like, RepositoryError> {
        self.inner.unlike(id, by).await
    }
}
