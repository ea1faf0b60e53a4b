//! Finds the depth of a reply without a stored one. It is older than the column, or the previous version of the
//! program stored it.

use domain::CommentId;
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// Goes up to the nearest comment with a known depth, or up to the greatest number of levels.
const ABOVE: &str = "WITH RECURSIVE above (id, parent_id, depth, level) AS ( \
        SELECT id, parent_id, depth, CAST(0 AS BIGINT) FROM comments WHERE id = $1 \
        UNION ALL \
        SELECT comments.id, comments.parent_id, comments.depth, level + 1 \
        FROM above JOIN comments ON comments.id = above.parent_id WHERE above.depth = 0 AND level < $2 \
    ) \
    SELECT level + depth FROM above WHERE parent_id IS NULL OR depth > 0";

/// Finds the depth of a comment and stores it; `None` if a reply to it would be deeper than `deepest`.
pub(super) async fn find_out(tx: &impl ConnectionTrait, id: CommentId, deepest: u32) -> Result<Option<i64>, DbErr> {
    let backend = tx.get_database_backend();
    let deepest = i64::from(deepest);
    let above = Statement::from_sql_and_values(backend, ABOVE, [id.as_str().into(), deepest.into()]);
    let Some(row) = tx.query_one_raw(above).await? else {
        return Ok(None);
    };
    let depth: i64 = row.try_get_by_index(0)?;
    if depth >= deepest {
        return Ok(None);
    }
    let note = "UPDATE comments SET depth = $1 WHERE id = $2";
    tx.execute_raw(Statement::from_sql_and_values(backend, note, [depth.into(), id.as_str().into()])).await?;
    Ok(Some(depth))
}
