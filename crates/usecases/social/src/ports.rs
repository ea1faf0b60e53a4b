//! What the social context needs of the world.

#![warn(missing_docs)]

use async_trait::async_trait;
use domain::{Page, PageRequest, Principal, RepositoryError, Timestamp, UserId, UserRef, UserView};

/// Keeps who follows whom.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait FollowRepository: Send + Sync {
    /// Whom `user` names, or `None` if nobody.
    async fn resolve(&self, user: &UserRef) -> Result<Option<UserId>, RepositoryError>;

    /// Notes that `by` follows `followee`, and counts it on both, in one transaction. A second follow changes
    /// nothing.
    async fn follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError>;

    /// Takes a follow back, and counts it on both, in one transaction. Where there is none, nothing changes.
    async fn unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, RepositoryError>;

    /// Who stands in `relation` to a user, newest follow first, or `None` if there is no such user.
    async fn list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError>;
}

/// How users in a list stand to the user whose list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They follow the user.
    Followers,
    /// The user follows them.
    Following,
}

/// What came of a follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It began.
    Begun,
    /// It began before; nothing changed.
    Already,
    /// The account to follow was erased meanwhile.
    FolloweeGone,
    /// The follower's session ended meanwhile, with the account or without.
    SessionEnded,
}

/// What came of taking a follow back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfollow {
    /// It ended.
    Ended,
    /// There was none; nothing changed.
    Nothing,
    /// The follower's session ended meanwhile, with the account or without.
    SessionEnded,
}
