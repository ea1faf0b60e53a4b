//! The port of follows.

use async_trait::async_trait;
use domain::{Page, PageRequest, Principal, RepositoryError, Timestamp, UserId, UserRef, UserView};

/// Stores follows.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait FollowRepository: Send + Sync {
    /// The id of the user that `user` refers to; `None` if there is none.
    async fn resolve(&self, user: &UserRef) -> Result<Option<UserId>, RepositoryError>;

    /// Stores that `by` follows `followee`, and raises the counts of both, in one transaction. A second follow
    /// changes nothing.
    async fn follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError>;

    /// Removes a follow, and lowers the counts of both, in one transaction. Without a follow, nothing changes.
    async fn unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, RepositoryError>;

    /// The users in `relation` to a user, newest follow first; `None` if the user does not exist.
    async fn list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError>;
}

/// The relation of the listed users to the owner of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They follow the owner.
    Followers,
    /// The owner follows them.
    Following,
}

/// The outcome of a follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// The follow is new.
    Begun,
    /// The follow existed; nothing changed.
    Already,
    /// The account to follow was erased meanwhile.
    FolloweeGone,
    /// The follower's session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of an unfollow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfollow {
    /// The follow was removed.
    Ended,
    /// There was no follow; nothing changed.
    Nothing,
    /// The follower's session ended meanwhile, possibly with the account.
    SessionEnded,
}
