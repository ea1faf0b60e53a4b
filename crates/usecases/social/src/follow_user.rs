//! Follows and unfollows a user.

use std::sync::Arc;

use domain::{Clock, Principal, RepositoryError, UserId, UserRef};

use crate::ports::{Follow, FollowRepository, Unfollow};

/// Why a follow or unfollow failed.
#[derive(Debug, thiserror::Error)]
pub enum FollowUserError {
    /// The user does not exist.
    #[error("there is no such user")]
    NotFound,
    /// A user cannot follow themselves.
    #[error("users cannot follow themselves")]
    Oneself,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Follows or unfollows a user. Both are idempotent.
pub struct FollowUser {
    follows: Arc<dyn FollowRepository>,
    clock: Arc<dyn Clock>,
}

impl FollowUser {
    /// Creates the use case.
    pub fn new(follows: Arc<dyn FollowRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { follows, clock }
    }

    /// Lets `actor` follow `user`.
    pub async fn execute(&self, actor: Principal, user: &UserRef) -> Result<(), FollowUserError> {
        let followee = self.other(actor.user_id, user).await?;
        match self.follows.follow(actor, followee, self.clock.now()).await? {
            Follow::Begun | Follow::Already => Ok(()),
            Follow::FolloweeGone => Err(FollowUserError::NotFound),
            Follow::SessionEnded => Err(FollowUserError::SessionEnded),
        }
    }

    /// Ends the follow of `user` by `actor`, if there is one.
    pub async fn undo(&self, actor: Principal, user: &UserRef) -> Result<(), FollowUserError> {
        let followee = self.other(actor.user_id, user).await?;
        match self.follows.unfollow(actor, followee).await? {
            Unfollow::Ended | Unfollow::Nothing => Ok(()),
            Unfollow::SessionEnded => Err(FollowUserError::SessionEnded),
        }
    }

    async fn other(&self, actor: UserId, user: &UserRef) -> Result<UserId, FollowUserError> {
        let other = self.follows.resolve(user).await?.ok_or(FollowUserError::NotFound)?;
        if other == actor { Err(FollowUserError::Oneself) } else { Ok(other) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockFollowRepository;
    use crate::test_support::{FixedClock, NOW, id, principal};

    fn follow(follows: MockFollowRepository) -> FollowUser {
        FollowUser::new(Arc::new(follows), Arc::new(FixedClock))
    }

    fn resolves_to(user: Option<UserId>) -> MockFollowRepository {
        let mut follows = MockFollowRepository::new();
        follows.expect_resolve().returning(move |_| Ok(user));
        follows
    }

    mod execute {
        use super::*;

        #[tokio::test]
        async fn stores_the_follow_and_its_time() {
            let mut follows = resolves_to(Some(id(8)));
            follows
                .expect_follow()
                .withf(|by, followee, at| *by == principal(7) && *followee == id(8) && *at == NOW)
                .once()
                .returning(|_, _, _| Ok(Follow::Begun));
            assert!(follow(follows).execute(principal(7), &UserRef::Id(id(8))).await.is_ok());
        }

        #[tokio::test]
        async fn rejects_oneself_under_any_name() {
            let me = UserRef::parse("@ada").unwrap();
            let result = follow(resolves_to(Some(id(7)))).execute(principal(7), &me).await;
            assert!(matches!(result, Err(FollowUserError::Oneself)));
        }

        #[tokio::test]
        async fn rejects_an_unknown_user() {
            let result = follow(resolves_to(None)).execute(principal(7), &UserRef::Id(id(8))).await;
            assert!(matches!(result, Err(FollowUserError::NotFound)));
        }
    }

    mod undo {
        use super::*;

        #[tokio::test]
        async fn reports_an_ended_session() {
            let mut follows = resolves_to(Some(id(8)));
            follows.expect_unfollow().returning(|_, _| Ok(Unfollow::SessionEnded));
            let result = follow(follows).undo(principal(7), &UserRef::Id(id(8))).await;
            assert!(matches!(result, Err(FollowUserError::SessionEnded)));
        }

        #[tokio::test]
        async fn removes_the_follow() {
            let mut follows = resolves_to(Some(id(8)));
            follows
                .expect_unfollow()
                .withf(|a, b| *a == principal(7) && *b == id(8))
                .once()
                .returning(|_, _| Ok(Unfollow::Ended));
            assert!(follow(follows).undo(principal(7), &UserRef::Id(id(8))).await.is_ok());
        }
    }
}
