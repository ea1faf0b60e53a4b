//! The stored state at one point in its history, and the answers to reads of it.

use std::collections::{BTreeMap, BTreeSet};

use accounts::ports::ProfileChanges;
use domain::{CommentId, Content, Cursor, Page, PageRequest, Post, PostId, Revision, Timestamp, User, UserId, UserRef};
use testkit::author_of;

#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<UserId, User>,
    /// Erased accounts whose rows are still being removed.
    pub(crate) hidden: BTreeSet<UserId>,
    /// Author, content, time and revision of each post.
    pub(crate) posts: BTreeMap<PostId, (UserId, Content, Timestamp, Revision)>,
    pub(crate) likes: BTreeSet<(PostId, UserId)>,
    pub(crate) follows: BTreeSet<(UserId, UserId)>,
    pub(crate) comments: BTreeMap<CommentId, (PostId, UserId)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Query {
    Post(PostId),
    User(UserRef),
    Feed(PageRequest),
    PostsOf(UserRef, PageRequest),
}

/// The result of a read, without viewer flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Post(Option<Post>),
    User(Option<User>),
    Posts(Option<Page<Post>>),
}

impl State {
    pub(crate) fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Post(id) => Answer::Post(self.post(*id)),
            Query::User(user) => Answer::User(self.user(user)),
            Query::Feed(page) => Answer::Posts(Some(self.list(None, *page))),
            Query::PostsOf(user, page) => Answer::Posts(self.user(user).map(|user| self.list(Some(user.id), *page))),
        }
    }

    pub(crate) fn post(&self, id: PostId) -> Option<Post> {
        let (author, content, created_at, revision) = self.posts.get(&id)?;
        if self.hidden.contains(author) {
            return None;
        }
        let count = |counted: usize| counted as u64;
        Some(Post {
            id,
            author: author_of(&self.users[author]),
            content: content.clone(),
            created_at: *created_at,
            edited_at: None,
            revision: *revision,
            like_count: count(self.likes.iter().filter(|(post, _)| *post == id).count()),
            comment_count: count(self.comments.values().filter(|(post, _)| *post == id).count()),
        })
    }

    pub(crate) fn user(&self, user: &UserRef) -> Option<User> {
        let user = self.users.values().filter(|known| !self.hidden.contains(&known.id)).find(|known| match user {
            UserRef::Id(id) => known.id == *id,
            UserRef::Username(name) => known.username == *name,
        })?;
        let count = |counted: usize| counted as u64;
        Some(User {
            post_count: count(self.posts.values().filter(|(author, ..)| *author == user.id).count()),
            follower_count: count(self.follows.iter().filter(|(_, followee)| *followee == user.id).count()),
            following_count: count(self.follows.iter().filter(|(follower, _)| *follower == user.id).count()),
            ..user.clone()
        })
    }

    fn list(&self, author: Option<UserId>, page: PageRequest) -> Page<Post> {
        let mut places: Vec<_> = self
            .posts
            .iter()
            .filter(|(_, (writer, ..))| author.is_none_or(|author| *writer == author) && !self.hidden.contains(writer))
            .map(|(id, (_, _, at, _))| (*at, id.cuid()))
            .filter(|place| page.after.is_none_or(|after| *place < (after.at, after.id)))
            .collect();
        places.sort_unstable_by(|one, other| other.cmp(one));
        places.truncate(page.size.get() + 1);
        let posts = places.into_iter().filter_map(|(_, id)| self.post(id.into())).collect();
        Page::from_lookahead(posts, page.size, |post: &Post| Cursor { at: post.created_at, id: post.id.cuid() })
    }

    /// Whether the account exists and is not erased.
    pub(crate) fn has(&self, user: UserId) -> bool {
        self.users.contains_key(&user) && !self.hidden.contains(&user)
    }

    /// Erases an account. Returns whether it existed.
    pub(crate) fn hide(&mut self, user: UserId) -> bool {
        self.users.contains_key(&user) && self.hidden.insert(user)
    }

    /// Removes one row of an erased account, the account's own row last. Returns false when that one was removed.
    pub(crate) fn remove_some(&mut self, user: UserId) -> bool {
        if let Some(post) = self.posts.iter().find(|(_, (author, ..))| *author == user).map(|(post, _)| *post) {
            self.delete(post);
        } else if let Some(like) = self.likes.iter().find(|(_, liker)| *liker == user).copied() {
            self.likes.remove(&like);
        } else if let Some(id) = self.comments.iter().find(|(_, (_, by))| *by == user).map(|(id, _)| *id) {
            self.comments.remove(&id);
        } else if let Some(follow) = self.follows.iter().find(|(one, other)| *one == user || *other == user).copied() {
            self.follows.remove(&follow);
        } else {
            self.users.remove(&user);
            self.hidden.remove(&user);
            return false;
        }
        true
    }

    pub(crate) fn delete(&mut self, post: PostId) {
        self.posts.remove(&post);
        self.likes.retain(|(liked, _)| *liked != post);
        self.comments.retain(|_, (about, _)| *about != post);
    }

    pub(crate) fn update(&mut self, user: UserId, changes: &ProfileChanges) {
        if let Some(user) = self.users.get_mut(&user) {
            user.revision.0 += 1;
            if let Some(name) = &changes.display_name {
                user.display_name = name.clone();
            }
            if let Some(bio) = &changes.bio {
                user.bio = bio.clone();
            }
        }
    }
}
