//! The port `TimelineRepository`: the public and the home timeline.

use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, reading};
use domain::{Cursor, PageRequest, PostPage, RepositoryError, UserId};
use feed::ports::TimelineRepository;
use sea_orm::sea_query::{ColumnRef, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, UnionType};
use sea_orm::{DbBackend, DbErr, JoinType};

use crate::entity::{follow, post};
use crate::view;

/// Most statements for a page of a home timeline: one, unless hidden posts leave gaps. After that many, the page
/// stays shorter.
const PIECES: usize = 10;

/// The port `TimelineRepository` over the database.
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
        select.and_where(view::post::is_there());
        keyset::page(&mut select, view::post::POSITION, Direction::NewestFirst, &page);
        let rows = self.db.read(viewer).await.select_all_planned_once(&select).await?;
        view::post::read_page(&rows, page, viewer)
    }

    async fn try_home(&self, user: UserId, page: PageRequest) -> Result<PostPage, DbErr> {
        let (mut shown, mut next, mut from) = (Vec::new(), None, page);
        for _ in 0..PIECES {
            let (more, end) = self.try_piece_of_home(user, from).await?;
            shown.extend(more);
            (next, from.after) = (end, end);
            if next.is_none() || shown.len() >= page.size.get() {
                break;
            }
        }
        if shown.len() > page.size.get() {
            shown.truncate(page.size.get());
            next = shown.last().map(|(post, _)| view::post::position(post));
        }
        Ok(PostPage::of(shown, next))
    }

    /// The visible posts of a page, and where the next one begins. The index that ranks the authors does not know
    /// which posts are hidden. Filtering there would also drop authors whose visible posts come later.
    async fn try_piece_of_home(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<(Vec<view::post::Shown>, Option<Cursor>), DbErr> {
        let newest = newest(user, &page, self.db.backend());
        let mut select = view::post::select(Some(user));
        select.join_subquery(
            JoinType::InnerJoin,
            newest,
            "newest",
            Expr::col(("newest", post::Column::Id)).equals((post::Entity, post::Column::Id)),
        );
        view::post::select_hidden(&mut select);
        keyset::order(&mut select, view::post::POSITION, Direction::NewestFirst);
        let rows = self.db.read(Some(user)).await.select_all_planned_once(&select).await?;
        view::post::read_shown(&rows, page, Some(user))
    }
}

// A home timeline merges the newest posts of the followed users, from the index on (author, time). First the newest
// post beyond the cursor is read for each author. The authors are cut to a page's length by those posts: together
// they fill the page, so no other author can be on it. Then a page of posts is read for each remaining author. The
// cost depends on the number of followed users, and not on the number of their posts.

const AUTHORS: &str = "authors";
const AUTHOR: &str = "author_id";
const OWN: &str = "own";
const RECENT: &str = "recent";

/// The authors whose posts are in the timeline of `user`.
fn followed(user: UserId) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col(follow::Column::FolloweeId), AUTHOR)
        .from(follow::Entity)
        .and_where(Expr::col(follow::Column::FollowerId).eq(user.as_str()))
        .union(UnionType::All, Query::select().expr(Expr::val(user.as_str().to_owned())).take())
        .take()
}

/// The ids of a page of the timeline.
fn newest(user: UserId, page: &PageRequest, backend: DbBackend) -> SelectStatement {
    let mut leaders = merged(followed(user), 1, page, backend);
    leaders.column((AUTHORS, AUTHOR));
    let mut newest = merged(leaders, page.lookahead(), page, backend);
    newest.column((RECENT, post::Column::Id));
    newest
}

/// The newest posts of `authors` within `page`, at most `of_each` an author.
fn merged(authors: SelectStatement, of_each: u64, page: &PageRequest, backend: DbBackend) -> SelectStatement {
    let mut own = Query::select();
    own.from_as(post::Entity, OWN).and_where(Expr::col((OWN, post::Column::AuthorId)).equals((AUTHORS, AUTHOR)));
    keyset::page(&mut own, position(OWN), Direction::NewestFirst, page);
    own.limit(of_each);
    let mut select = Query::select();
    select.from_subquery(authors, AUTHORS);
    if backend == DbBackend::Postgres {
        own.columns([(OWN, post::Column::Id), (OWN, post::Column::CreatedAt)]);
        select.join_lateral(JoinType::InnerJoin, own, RECENT, Expr::cust("TRUE"));
    } else {
        // SQLite has no lateral joins.
        own.column((OWN, post::Column::Id));
        let is_recent = Expr::col((RECENT, post::Column::Id)).in_subquery(own);
        select.join_as(JoinType::InnerJoin, post::Entity, RECENT, is_recent);
    }
    keyset::order(&mut select, position(RECENT), Direction::NewestFirst);
    select.limit(page.lookahead());
    select
}

fn position(table: &'static str) -> (ColumnRef, ColumnRef) {
    let column = |column: post::Column| (table, column).into_column_ref();
    (column(post::Column::CreatedAt), column(post::Column::Id))
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
