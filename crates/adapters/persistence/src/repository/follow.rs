//! The port `FollowRepository`: follows, and the lists of followers and followed users.
//!
//! Both accounts are locked in the order of their ids, and their counts change in the same transaction.

use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, Fields, Select, corrupt, reading, retrying};
use domain::{Page, PageRequest, Principal, RepositoryError, Timestamp, UserId, UserRef, UserView};
use events::Fact;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use social::ports::{Follow, FollowRepository, Relation, Unfollow};

use super::acting::{has_session, in_session};
use super::{counters, exists, locks};
use crate::entity::{follow, user};
use crate::view;

/// The port `FollowRepository` over the database.
pub struct SeaFollowRepository {
    db: Database,
}

impl SeaFollowRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_resolve(&self, user: &UserRef) -> Result<Option<UserId>, DbErr> {
        let select = Query::select()
            .column((user::Entity, user::Column::Id))
            .from(user::Entity)
            .and_where(view::user::is(user))
            .take();
        self.db.read_primary().select_one(&select).await?.map(|row| Fields::of(&row).id()).transpose()
    }

    async fn try_follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, DbErr> {
        let (tx, follower) = (self.db.begin().await?, by.user_id);
        let both = is_either(follower, followee).and(view::presence::user());
        let there = locks::accounts(&tx, both, LockType::NoKeyUpdate).await?;
        if !there.contains(&follower) {
            return Ok(Follow::SessionEnded);
        }
        if !there.contains(&followee) {
            return Ok(Follow::FolloweeGone);
        }
        let row = Query::select()
            .expr(Expr::val(follower.as_str()))
            .expr(Expr::val(followee.as_str()))
            .expr(Expr::val(at.as_micros()))
            .and_where(in_session(by.session_id))
            .take();
        let insert = Query::insert()
            .into_table(follow::Entity)
            .columns([follow::Column::FollowerId, follow::Column::FolloweeId, follow::Column::CreatedAt])
            .select_from(row)
            .map_err(|error| corrupt("follow", error))?
            .on_conflict(
                OnConflict::columns([follow::Column::FollowerId, follow::Column::FolloweeId]).do_nothing().to_owned(),
            )
            .take();
        let followed = Fact::Followed { follower, followee, at };
        if tx.execute(&insert).await?.rows_affected() == 1 {
            tx.tell([followed]);
            count(&tx, follower, followee, 1).await?;
            tx.commit(follower).await?;
            return Ok(Follow::Begun);
        }
        if !has_session(&tx, by.session_id).await? {
            return Ok(Follow::SessionEnded);
        }
        tx.abandon(follower, [followed]).await?;
        Ok(Follow::Already)
    }

    async fn try_unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, DbErr> {
        let (tx, follower) = (self.db.begin().await?, by.user_id);
        locks::accounts(&tx, is_either(follower, followee), LockType::NoKeyUpdate).await?;
        let removed = follow::Entity::delete_many()
            .filter(follow::Column::FollowerId.eq(follower.as_str()))
            .filter(follow::Column::FolloweeId.eq(followee.as_str()))
            .filter(in_session(by.session_id))
            .exec(&tx)
            .await?
            .rows_affected;
        let unfollowed = Fact::Unfollowed { follower, followee };
        if removed == 1 {
            tx.tell([unfollowed]);
            count(&tx, follower, followee, -1).await?;
            tx.commit(follower).await?;
            return Ok(Unfollow::Ended);
        }
        if !has_session(&tx, by.session_id).await? {
            return Ok(Unfollow::SessionEnded);
        }
        tx.abandon(follower, [unfollowed]).await?;
        Ok(Unfollow::Nothing)
    }

    async fn try_list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, DbErr> {
        let (own, listed) = match relation {
            Relation::Followers => (follow::Column::FolloweeId, follow::Column::FollowerId),
            Relation::Following => (follow::Column::FollowerId, follow::Column::FolloweeId),
        };
        let mut select = view::user::select(viewer);
        select
            .column((follow::Entity, follow::Column::CreatedAt))
            .inner_join(follow::Entity, Expr::col((follow::Entity, listed)).equals((user::Entity, user::Column::Id)))
            .and_where(view::user::refers((follow::Entity, own), user))
            .and_where(view::presence::user());
        let position = ((follow::Entity, follow::Column::CreatedAt), (follow::Entity, listed));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let connection = self.db.read(viewer).await;
        let rows = connection.select_all(&select).await?;
        if rows.is_empty() && !exists(&connection, user::Entity, view::user::is(user)).await? {
            return Ok(None);
        }
        let users = rows.iter().map(|row| view::user::read_with_time(row, viewer)).collect::<Result<_, _>>()?;
        Ok(Some(Page::from_lookahead(users, page.size, |(_, position)| *position).map(|(user, _)| user)))
    }
}

fn is_either(one: UserId, other: UserId) -> SimpleExpr {
    user::Column::Id.is_in([one.as_str(), other.as_str()])
}

/// Adds `change` to the counts of both accounts.
async fn count(tx: &impl ConnectionTrait, follower: UserId, followee: UserId, change: i64) -> Result<(), DbErr> {
    for (id, counter) in [(follower, user::Column::FollowingCount), (followee, user::Column::FollowerCount)] {
        let rows = user::Entity::update_many().filter(user::Column::Id.eq(id.as_str()));
        counters::add(tx, rows, counter, change).await?;
    }
    Ok(())
}

#[async_trait]
impl FollowRepository for SeaFollowRepository {
    async fn resolve(&self, user: &UserRef) -> Result<Option<UserId>, RepositoryError> {
        reading("follows.resolve", self.try_resolve(user)).await
    }

    async fn follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError> {
        retrying(&self.db, "follows.follow", || self.try_follow(by, followee, at)).await
    }

    async fn unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, RepositoryError> {
        retrying(&self.db, "follows.unfollow", || self.try_unfollow(by, followee)).await
    }

    async fn list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        reading("follows.list", self.try_list(user, relation, page, viewer)).await
    }
}
