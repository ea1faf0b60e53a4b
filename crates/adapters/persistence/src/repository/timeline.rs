//! Reads timelines.

use async_trait::async_trait;
use domain::{PageRequest, PostPage, RepositoryError, UserId};
use feed::ports::TimelineRepository;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, UnionType};
use sea_orm::{DbBackend, DbErr, JoinType};

use crate::database::{Database, Select};
use crate::entity::{follow, post};
use crate::keyset::{self, Direction};
use crate::operation::reading;
use crate::view;

/// Reads timelines from the database.
pub struct SeaTimelineRepository {
    db: Database,
}

impl SeaTimelineRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, DbErr> {
        let mut select = view::post::select(viewer);
        keyset::page(&mut select, view::post::POSITION, Direction::NewestFirst, &page);
        self.read(&select, page, viewer).await
    }

    async fn try_home(&self, user: UserId, page: PageRequest) -> Result<PostPage, DbErr> {
        let newest = match self.db.backend() {
            DbBackend::Postgres => newest_by_lateral_join(user, &page),
            _ => newest_by_correlated_list(user, &page),
        };
        let mut select = view::post::select(Some(user));
        select.join_subquery(
            JoinType::InnerJoin,
            newest,
            Alias::new("newest"),
            Expr::col((Alias::new("newest"), post::Column::Id)).equals((post::Entity, post::Column::Id)),
        );
        keyset::order(&mut select, view::post::POSITION, Direction::NewestFirst);
        self.read(&select, page, Some(user)).await
    }

    async fn read(
        &self,
        select: &SelectStatement,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<PostPage, DbErr> {
        let rows = self.db.read(viewer).await.select_all(select).await?;
        view::post::read_page(&rows, page, viewer)
    }
}

// A home timeline merges the newest posts of everybody followed: of each author no more than a page is read, from the
// index on (author, time), so that the cost depends on how many are followed and not on how much they wrote.

/// The authors whose posts are in the timeline of `user`.
fn authors(user: UserId) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col(follow::Column::FolloweeId), "author_id")
        .from(follow::Entity)
        .and_where(Expr::col(follow::Column::FollowerId).eq(user.as_str()))
        .union(UnionType::All, Query::select().expr(Expr::val(user.as_str().to_owned())).take())
        .take()
}

/// A page of the posts of one author, given as a column of the surrounding query.
fn page_of_author<C: IntoColumnRef>(author: C, page: &PageRequest) -> SelectStatement {
    let of = |column| (Alias::new("own"), column);
    let mut select = Query::select();
    select.from_as(post::Entity, Alias::new("own")).and_where(Expr::col(of(post::Column::AuthorId)).equals(author));
    keyset::page(&mut select, (of(post::Column::CreatedAt), of(post::Column::Id)), Direction::NewestFirst, page);
    select
}

/// The ids of a page of the timeline, for PostgreSQL.
fn newest_by_lateral_join(user: UserId, page: &PageRequest) -> SelectStatement {
    let of_author = page_of_author((Alias::new("authors"), Alias::new("author_id")), page)
        .columns([(Alias::new("own"), post::Column::Id), (Alias::new("own"), post::Column::CreatedAt)])
        .take();
    let position = |column| (Alias::new("recent"), column);
    let mut select = Query::select();
    select.column(position(post::Column::Id)).from_subquery(authors(user), Alias::new("authors")).join_lateral(
        JoinType::InnerJoin,
        of_author,
        Alias::new("recent"),
        Expr::cust("TRUE"),
    );
    keyset::order(&mut select, (position(post::Column::CreatedAt), position(post::Column::Id)), Direction::NewestFirst);
    select.limit(page.lookahead()).take()
}

/// The ids of a page of the timeline, for SQLite, which has no lateral joins.
fn newest_by_correlated_list(user: UserId, page: &PageRequest) -> SelectStatement {
    let of_author = page_of_author((Alias::new("authors"), Alias::new("author_id")), page)
        .column((Alias::new("own"), post::Column::Id))
        .take();
    let position = |column| (Alias::new("recent"), column);
    let mut select = Query::select();
    select.column(position(post::Column::Id)).from_subquery(authors(user), Alias::new("authors")).join_as(
        JoinType::InnerJoin,
        post::Entity,
        Alias::new("recent"),
        Expr::col(position(post::Column::Id)).in_subquery(of_author),
    );
    keyset::order(&mut select, (position(post::Column::CreatedAt), position(post::Column::Id)), Direction::NewestFirst);
    select.limit(page.lookahead()).take()
}

#[async_trait]
impl TimelineRepository for SeaTimelineRepository {
    async fn public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError> {
        reading("timelines.public", self.try_public(page, viewer)).await
    }

    async fn home(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError> {
        reading("timelines.home", self.try_home(user, page)).await
    }
}
