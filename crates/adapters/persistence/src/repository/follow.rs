//! Keeps who follows whom.

use async_trait::async_trait;
use domain::{Page, PageRequest, RepositoryError, Timestamp, UserId, UserRef, UserView};
use feed::ports::{Follow, FollowRepository, Relation};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{counters, exists};
use crate::database::Database;
use crate::entity::{follow, user};
use crate::error::{corrupt, failed, lacks_reference, retrying};
use crate::fields::Fields;
use crate::keyset::{self, Direction};
use crate::view;

/// Keeps who follows whom in the database.
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
        self.db.reads().query_one(&select).await?.map(|row| Fields::of(&row).id()).transpose()
    }

    async fn try_follow(&self, follower: UserId, followee: UserId, at: Timestamp) -> Result<Follow, DbErr> {
        let tx = self.db.begin().await?;
        let insert = Query::insert()
            .into_table(follow::Entity)
            .columns([follow::Column::FollowerId, follow::Column::FolloweeId, follow::Column::CreatedAt])
            .values([follower.as_str().into(), followee.as_str().into(), at.as_micros().into()])
            .map_err(|error| corrupt("follow", error))?
            .on_conflict(
                OnConflict::columns([follow::Column::FollowerId, follow::Column::FolloweeId]).do_nothing().to_owned(),
            )
            .take();
        let inserted = match tx.execute(&insert).await {
            Ok(result) => result.rows_affected(),
            Err(error) if lacks_reference(&error) => {
                tx.rollback().await?;
                let followee_is_there =
                    exists(self.db.reads(), user::Entity, user::Column::Id.eq(followee.as_str())).await?;
                return Ok(if followee_is_there { Follow::FollowerGone } else { Follow::FolloweeGone });
            }
            Err(error) => return Err(error),
        };
        if inserted == 1 {
            count(&tx, follower, followee, 1).await?;
        }
        tx.commit().await?;
        Ok(Follow::Done)
    }

    async fn try_unfollow(&self, follower: UserId, followee: UserId) -> Result<(), DbErr> {
        let tx = self.db.begin().await?;
        let removed = follow::Entity::delete_many()
            .filter(follow::Column::FollowerId.eq(follower.as_str()))
            .filter(follow::Column::FolloweeId.eq(followee.as_str()))
            .exec(&tx)
            .await?
            .rows_affected;
        if removed == 1 {
            count(&tx, follower, followee, -1).await?;
        }
        tx.commit().await
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
            .and_where(Expr::col((follow::Entity, own)).eq(view::user::id_of(user)));
        let position = ((follow::Entity, follow::Column::CreatedAt), (follow::Entity, listed));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let rows = self.db.reads().query_all(&select).await?;
        if rows.is_empty() && !exists(self.db.reads(), user::Entity, view::user::is(user)).await? {
            return Ok(None);
        }
        let users = rows.iter().map(|row| view::user::read_with_time(row, viewer)).collect::<Result<_, _>>()?;
        Ok(Some(Page::from_lookahead(users, page.size, |(_, position)| *position).map(|(user, _)| user)))
    }
}

/// Counts a follow on both accounts, in the order of their ids: two that follow each other at the same moment do not
/// wait for each other.
async fn count(tx: &impl ConnectionTrait, follower: UserId, followee: UserId, change: i64) -> Result<(), DbErr> {
    let mut counts = [(follower, user::Column::FollowingCount), (followee, user::Column::FollowerCount)];
    counts.sort_unstable_by_key(|(id, _)| *id);
    for (id, counter) in counts {
        let rows = user::Entity::update_many().filter(user::Column::Id.eq(id.as_str()));
        counters::add(tx, rows, counter, change).await?;
    }
    Ok(())
}

#[async_trait]
impl FollowRepository for SeaFollowRepository {
    async fn resolve(&self, user: &UserRef) -> Result<Option<UserId>, RepositoryError> {
        self.try_resolve(user).await.map_err(|error| failed("follows.resolve", error))
    }

    async fn follow(&self, follower: UserId, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError> {
        retrying("follows.follow", || self.try_follow(follower, followee, at)).await
    }

    async fn unfollow(&self, follower: UserId, followee: UserId) -> Result<(), RepositoryError> {
        retrying("follows.unfollow", || self.try_unfollow(follower, followee)).await
    }

    async fn list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        self.try_list(user, relation, page, viewer).await.map_err(|error| failed("follows.list", error))
    }
}
