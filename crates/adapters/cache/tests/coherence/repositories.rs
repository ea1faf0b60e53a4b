//! The ports over the store, as seen by one instance.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::removals::Removal;
use ::removals::ports::{Progress, RemovalRepository};
use accounts::ports::{
    Credentials, EraseUser, InsertUser, KeptName, NameHashes, PasswordHash, ProfileChanges, Proof, RenewHash,
    UpdateUser, UserRelations, UserRepository,
};
use async_trait::async_trait;
use domain::{
    CommentId, CommentView, Cuid, Page, PageRequest, Post, PostId, PostPage, PostView, PostViewer, Principal,
    RepositoryError, Revision, Timestamp, User, UserId, UserRef, UserView, UserViewer, Viewed,
};
use events::{Effect, Fact, FactListener, Liked, Publication};
use feed::ports::TimelineRepository;
use posts::IdempotentRequest;
use posts::ports::{
    AddCommentOutcome, Change, CommentOwners, CommentRepository, Edit, Like, NewComment, NewPost, PostRepository,
    PostViewers, Thread, Unlike, Write,
};
use social::ports::{Follow, FollowRepository, Relation, Unfollow};

use crate::state::State;
use crate::world::World;

/// The freshness of a repository's reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Any state for anonymous readers. For users, one with their own writes through any instance.
    Own,
    /// A state with every change that the instance has received.
    Received,
}

#[derive(Clone)]
pub(crate) struct Repository {
    pub(crate) world: Arc<World>,
    pub(crate) instance: usize,
    pub(crate) reads: Reads,
}

impl Repository {
    /// Reads from a replica that is fresh enough.
    async fn read<T>(&self, viewer: Option<UserId>, read: impl FnOnce(&State) -> T) -> Result<T, RepositoryError> {
        let world = &self.world;
        let least = match self.reads {
            Reads::Received => world.watermark(self.instance),
            Reads::Own => viewer.map_or(0, |viewer| world.own(viewer).max(world.watermark(self.instance))),
        };
        if self.reads == Reads::Received {
            world.loads.fetch_add(1, Ordering::SeqCst);
            if world.happens(world.plan.failing_loads) {
                return Err(RepositoryError::unavailable("load", "behind"));
            }
        }
        world.pause(4).await;
        // Half of the reads get the oldest state allowed.
        let ahead = world.below(2) * world.below(world.latest() - least + 1);
        let outcome = read(&world.at(least + ahead));
        world.pause(4).await;
        Ok(outcome)
    }

    /// Commits, and publishes the facts through the instance's cache. A lost write is unconfirmed, and may commit late.
    async fn write<T: Send + 'static>(
        &self,
        by: UserId,
        facts: Vec<Fact>,
        change: impl FnOnce(&mut State) -> (bool, T) + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let (world, instance) = (self.world.clone(), self.instance);
        world.pause(5).await;
        let is_lost = world.happens(world.plan.lost_writes);
        let late = if is_lost { world.below(800) } else { 0 };
        let cache: Arc<dyn FactListener> = Arc::new(world.caches()[instance].clone());
        let publication = Publication::new(Some(&cache), Some(by), facts);
        // A commit runs to its end even if its caller is dropped.
        let commit = tokio::spawn(async move {
            world.pause(late + 1).await;
            world.commit(instance, by, change)
        });
        if is_lost && self.world.below(2) == 0 {
            publication.unconfirmed().await;
            return Err(RepositoryError::unavailable("write", "connection lost"));
        }
        let outcome = commit.await.unwrap();
        self.world.pause(3).await;
        if is_lost {
            publication.unconfirmed().await;
            return Err(RepositoryError::unavailable("write", "connection lost"));
        }
        let (position, outcome) = outcome;
        self.world.done(by, position);
        publication.end(if position.is_some() { Effect::Committed } else { Effect::Nothing }).await;
        Ok(outcome)
    }
}

fn seen(page: Page<Post>) -> PostPage {
    PostPage::anonymous(page)
}

fn not_asked<T>() -> Result<T, RepositoryError> {
    Err(RepositoryError::new("test", "not used by these tests"))
}

#[async_trait]
impl PostRepository for Repository {
    async fn find(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<PostView>, RepositoryError> {
        self.read(viewer, |state| state.post(id).map(|post| Viewed::new(post, None))).await
    }

    async fn list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError> {
        let query = crate::state::Query::PostsOf(user.clone(), page);
        match self.read(viewer, |state| state.answer(&query)).await? {
            crate::state::Answer::Posts(page) => Ok(page.map(seen)),
            _ => not_asked(),
        }
    }

    async fn publish<'a>(
        &self,
        post: &NewPost,
        _: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError> {
        let post = post.clone();
        let published = Fact::PostPublished { post: post.id, author: post.author_id, at: post.created_at };
        self.write(post.author_id, vec![published], move |state| {
            if !state.has(post.author_id) {
                return (false, Write::SessionEnded);
            }
            state.posts.insert(post.id, (post.author_id, post.content, post.created_at, Revision(0)));
            (true, Write::Stored(state.post(post.id).unwrap()))
        })
        .await
    }

    async fn edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, RepositoryError> {
        let content = edit.content.clone();
        self.write(by.user_id, vec![Fact::PostEdited { post: id, author: by.user_id }], move |state| {
            let is_there = state.post(id).is_some();
            let Some(post) = state.posts.get_mut(&id).filter(|_| is_there) else {
                return (false, Change::NotFound);
            };
            (post.1, post.3) = (content, Revision(post.3.0 + 1));
            (true, Change::Changed(Viewed::new(state.post(id).unwrap(), None)))
        })
        .await
    }

    async fn delete(&self, id: PostId, by: Principal, _: Option<Revision>) -> Result<Change<()>, RepositoryError> {
        self.write(by.user_id, vec![Fact::PostDeleted { post: id, author: by.user_id }], move |state| {
            let is_there = state.post(id).is_some();
            if is_there {
                state.delete(id);
            }
            (is_there, if is_there { Change::Changed(()) } else { Change::NotFound })
        })
        .await
    }

    async fn like(&self, id: PostId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError> {
        let user = by.user_id;
        let liked = Fact::Liked { what: Liked::Post(id), by: user, at };
        self.write(user, vec![liked], move |state| {
            let is_there = state.post(id).is_some() && state.has(user);
            (is_there && state.likes.insert((id, user)), if is_there { Like::Given } else { Like::NotFound })
        })
        .await
    }

    async fn unlike(&self, id: PostId, by: Principal) -> Result<Unlike, RepositoryError> {
        let user = by.user_id;
        let unliked = Fact::Unliked { what: Liked::Post(id), by: user };
        self.write(user, vec![unliked], move |state| (state.likes.remove(&(id, user)), Unlike::TakenBack)).await
    }

    async fn list_likes(
        &self,
        _: PostId,
        _: PageRequest,
        _: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        not_asked()
    }
}

#[async_trait]
impl PostViewers for Repository {
    async fn viewers(&self, viewer: UserId, posts: &[PostId]) -> Result<HashMap<PostId, PostViewer>, RepositoryError> {
        // Bookmarks are in no cache entry, and are left out here.
        let flags = |state: &State, post: PostId| PostViewer {
            liked: state.likes.contains(&(post, viewer)),
            bookmarked: false,
        };
        self.read(Some(viewer), |state| posts.iter().map(|post| (*post, flags(state, *post))).collect()).await
    }
}

#[async_trait]
impl TimelineRepository for Repository {
    async fn public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError> {
        match self.read(viewer, |state| state.answer(&crate::state::Query::Feed(page))).await? {
            crate::state::Answer::Posts(Some(page)) => Ok(seen(page)),
            _ => not_asked(),
        }
    }

    async fn home(&self, _: UserId, _: PageRequest) -> Result<PostPage, RepositoryError> {
        not_asked()
    }
}

#[async_trait]
impl UserRepository for Repository {
    async fn insert(&self, user: &User, _: &PasswordHash, _: &NameHashes) -> Result<InsertUser, RepositoryError> {
        let user = user.clone();
        let signed_up = Fact::SignedUp { user: user.id, username: user.username.clone() };
        self.write(user.id, vec![signed_up], move |state| {
            if state.user(&UserRef::Username(user.username.clone())).is_some() {
                return (false, InsertUser::UsernameTaken);
            }
            state.users.insert(user.id, user);
            (true, InsertUser::Created)
        })
        .await
    }

    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError> {
        self.read(viewer, |state| state.user(user).map(|user| Viewed::new(user, None))).await
    }

    async fn list(&self, _: PageRequest, _: Option<UserId>) -> Result<Page<UserView>, RepositoryError> {
        not_asked()
    }

    async fn find_credentials(&self, _: &UserRef) -> Result<Option<Credentials>, RepositoryError> {
        not_asked()
    }

    async fn update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        _: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError> {
        let id = by.user_id;
        let changes = changes.clone();
        let edited = Fact::ProfileEdited { user: id, renamed: changes.display_name.is_some() };
        self.write(id, vec![edited], move |state| {
            state.update(id, &changes);
            match state.user(&id.into()) {
                Some(user) => (true, UpdateUser::Updated(user)),
                None => (false, UpdateUser::SessionEnded),
            }
        })
        .await
    }

    async fn renew_hash(&self, _: UserId, _: &PasswordHash, _: &PasswordHash) -> Result<RenewHash, RepositoryError> {
        not_asked()
    }

    async fn erase(&self, by: Principal, _: &Proof, _: &KeptName) -> Result<EraseUser, RepositoryError> {
        let id = by.user_id;
        self.write(id, vec![Fact::UserErased { user: id }], move |state| {
            let is_there = state.hide(id);
            (is_there, if is_there { EraseUser::Erased } else { EraseUser::SessionEnded })
        })
        .await
    }
}

#[async_trait]
impl RemovalRepository for Repository {
    async fn pending(&self, _: Option<Cuid>, _: u16) -> Result<Vec<Removal>, RepositoryError> {
        not_asked()
    }

    async fn remove_some(&self, removal: Removal, _: u16) -> Result<Progress, RepositoryError> {
        // The removed row is known only at the commit. So the facts name every post and user.
        let state = self.world.now();
        let posts = state.posts.keys().map(|post| Fact::PostRecounted { post: *post });
        let users = state.users.keys().map(|user| Fact::UserRecounted { user: *user });
        self.write(removal.id.into(), posts.chain(users).collect(), move |state| {
            let is_hidden = state.hidden.contains(&removal.id.into());
            let goes_on = is_hidden && state.remove_some(removal.id.into());
            (is_hidden, if goes_on { Progress::More } else { Progress::Done })
        })
        .await
    }
}

#[async_trait]
impl UserRelations for Repository {
    async fn relations(
        &self,
        viewer: UserId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, UserViewer>, RepositoryError> {
        let relation = |state: &State, user: UserId| UserViewer {
            following: state.follows.contains(&(viewer, user)),
            followed_by: state.follows.contains(&(user, viewer)),
        };
        self.read(Some(viewer), |state| users.iter().map(|user| (*user, relation(state, *user))).collect()).await
    }
}

#[async_trait]
impl FollowRepository for Repository {
    async fn resolve(&self, _: &UserRef) -> Result<Option<UserId>, RepositoryError> {
        not_asked()
    }

    async fn follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError> {
        let follower = by.user_id;
        self.write(follower, vec![Fact::Followed { follower, followee, at }], move |state| {
            if !state.has(followee) || !state.has(follower) {
                return (false, Follow::FolloweeGone);
            }
            (state.follows.insert((follower, followee)), Follow::Begun)
        })
        .await
    }

    async fn unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, RepositoryError> {
        let follower = by.user_id;
        let unfollowed = Fact::Unfollowed { follower, followee };
        self.write(follower, vec![unfollowed], move |state| {
            (state.follows.remove(&(follower, followee)), Unfollow::Ended)
        })
        .await
    }

    async fn list(
        &self,
        _: &UserRef,
        _: Relation,
        _: PageRequest,
        _: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        not_asked()
    }
}

#[async_trait]
impl CommentRepository for Repository {
    async fn find(&self, _: CommentId, _: Option<UserId>) -> Result<Option<CommentView>, RepositoryError> {
        not_asked()
    }

    async fn find_owners(&self, _: CommentId) -> Result<Option<CommentOwners>, RepositoryError> {
        not_asked()
    }

    async fn list(
        &self,
        _: Thread,
        _: PageRequest,
        _: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, RepositoryError> {
        not_asked()
    }

    async fn add<'a>(
        &self,
        comment: &NewComment,
        _: Option<&'a IdempotentRequest>,
    ) -> Result<AddCommentOutcome, RepositoryError> {
        let comment = comment.clone();
        let added = Fact::CommentAdded {
            comment: comment.id,
            post: comment.post_id,
            parent: None,
            author: comment.author_id,
            at: comment.created_at,
        };
        self.write(comment.author_id, vec![added], move |state| {
            if state.post(comment.post_id).is_none() || !state.has(comment.author_id) {
                return (false, AddCommentOutcome::PostNotFound);
            }
            state.comments.insert(comment.id, (comment.post_id, comment.author_id));
            let author = state.users[&comment.author_id].clone();
            let stored = testkit::a_comment("comment", comment.post_id, author.id).id(comment.id).written_by(&author);
            (true, AddCommentOutcome::Write(Write::Stored(stored)))
        })
        .await
    }

    async fn edit(&self, _: CommentId, _: &Edit, _: Principal) -> Result<Change<CommentView>, RepositoryError> {
        not_asked()
    }

    async fn delete(&self, id: CommentId, by: Principal, _: Option<Revision>) -> Result<Change<()>, RepositoryError> {
        let on = self.world.now().comments.get(&id).map(|(post, _)| *post);
        let deleted = on.map(|post| Fact::CommentDeleted { comment: id, post });
        self.write(by.user_id, deleted.into_iter().collect(), move |state| match state.comments.remove(&id) {
            Some(_) => (true, Change::Changed(())),
            None => (false, Change::NotFound),
        })
        .await
    }

    async fn like(&self, _: CommentId, _: Principal, _: Timestamp) -> Result<Like, RepositoryError> {
        not_asked()
    }

    async fn unlike(&self, _: CommentId, _: Principal) -> Result<Unlike, RepositoryError> {
        not_asked()
    }
}
