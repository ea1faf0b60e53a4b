//! The ports of the use cases, one file a port, and what several of them share.

mod acting;
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
mod post;
mod post_publication;
mod refresh_token;
mod removal;
mod session;
mod thread_removal;
mod timeline;
mod user;
mod viewer_flags;

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

/// Whether a table has a row.
async fn exists(connection: &impl Select, table: impl IntoTableRef, condition: SimpleExpr) -> Result<bool, DbErr> {
    let select = Query::select().expr(Expr::val(1)).from(table).and_where(condition).limit(1).take();
    Ok(connection.select_one(&select).await?.is_some())
}

/// The same, planned once for all values: for what is asked beside a list.
async fn is_there(connection: &Reading, table: impl IntoTableRef, condition: SimpleExpr) -> Result<bool, DbErr> {
    let select = Query::select().expr(Expr::val(1)).from(table).and_where(condition).limit(1).take();
    Ok(!connection.select_all_planned_once(&select).await?.is_empty())
}

/// The ids in the first column of what `select` finds.
async fn ids(tx: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<String>, DbErr> {
    tx.query_all(select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Ids as the domain has them.
fn parsed<T>(ids: &[String]) -> Result<Vec<Id<T>>, DbErr> {
    ids.iter().map(|id| Id::parse(id).map_err(|error| corrupt("id", error))).collect()
}

/// 1 where `condition` holds, else 0: what a revision is raised by. Both are decided in the statement that writes, so that
/// an edit in between counts.
fn one_if(condition: SimpleExpr) -> SimpleExpr {
    Expr::case(condition, 1).finally(0).into()
}

/// `time` where `condition` holds, else what is there.
fn time_if(condition: SimpleExpr, time: Timestamp, column: impl IntoColumnRef) -> SimpleExpr {
    Expr::case(condition, time.as_micros()).finally(Expr::col(column)).into()
}
