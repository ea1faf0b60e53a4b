//! The repositories, one file a port, and the helpers that they share.

mod acting;
mod bookmark;
mod bookmark_removal;
mod comment;
mod comment_addition;
mod comment_depth;
mod comment_removal;
mod counters;
mod ended_sessions;
mod erasure;
mod follow;
mod idempotency;
mod kept_name;
mod like_write;
mod likes;
mod locks;
mod pending_removals;
mod post;
mod post_publication;
mod refresh_token;
mod removal;
mod session;
mod thread_removal;
mod timeline;
mod user;
mod viewer_flags;

pub use bookmark::SeaBookmarkRepository;
pub use comment::SeaCommentRepository;
pub use ended_sessions::SeaEndedSessions;
pub use follow::SeaFollowRepository;
pub use idempotency::SeaIdempotencyKeyRepository;
pub use kept_name::SeaKeptNameRepository;
pub use post::SeaPostRepository;
pub use removal::SeaRemovalRepository;
pub use session::SeaSessionRepository;
pub use timeline::SeaTimelineRepository;
pub use user::SeaUserRepository;

use database::{Reading, Select, corrupt};
use domain::{Id, Timestamp};
use sea_orm::sea_query::{Expr, IntoColumnRef, IntoTableRef, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbErr};

/// Whether `table` has a row that meets `condition`.
async fn exists(connection: &impl Select, table: impl IntoTableRef, condition: SimpleExpr) -> Result<bool, DbErr> {
    let select = Query::select().expr(Expr::val(1)).from(table).and_where(condition).limit(1).take();
    Ok(connection.select_one(&select).await?.is_some())
}

/// Like [`exists`], with one plan for all values: for queries that accompany a list.
async fn is_there(connection: &Reading, table: impl IntoTableRef, condition: SimpleExpr) -> Result<bool, DbErr> {
    let select = Query::select().expr(Expr::val(1)).from(table).and_where(condition).limit(1).take();
    Ok(!connection.select_all_planned_once(&select).await?.is_empty())
}

/// The ids in the first column of the rows of `select`.
async fn ids(tx: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<String>, DbErr> {
    tx.query_all(select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Ids as domain values.
fn parsed<T>(ids: &[String]) -> Result<Vec<Id<T>>, DbErr> {
    ids.iter().map(|id| Id::parse(id).map_err(|error| corrupt("id", error))).collect()
}

/// 1 where `condition` holds, else 0: the increment of a revision. The statement that writes evaluates it, so a
/// concurrent edit is taken into account.
fn one_if(condition: SimpleExpr) -> SimpleExpr {
    Expr::case(condition, 1).finally(0).into()
}

/// `time` where `condition` holds, else the current value of `column`.
fn time_if(condition: SimpleExpr, time: Timestamp, column: impl IntoColumnRef) -> SimpleExpr {
    Expr::case(condition, time.as_micros()).finally(Expr::col(column)).into()
}
