//! One pass of the sequencer: moves committed rows of `outbox` to the log, in the order of their ids.
//!
//! It is one statement under a lock that no one waits for, so any instance may run it at any time:
//!
//! - Who dies in it leaves nothing behind.
//! - Who gets the lock with a snapshot from before the last pass finds the rows gone, or collides with their positions.
//!   The statement is then undone, and counts as [`Pass::again`].
//! - Transactions that have not committed are not seen. They delay themselves only.

use sea_orm::{DbBackend, DbErr, SqlErr, Statement};

use super::EventLog;
use super::floor::Floor;
use crate::Database;
use crate::fields::{Fields, Row};

/// The first half of the key of the advisory lock; the second half is the schema. Any fixed number does.
const LOCK: i32 = 0x7468_6f75;

const SEQUENCE: &str = "WITH got AS MATERIALIZED ( \
        SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema())) AS ok \
    ), next AS MATERIALIZED ( \
        SELECT id FROM outbox WHERE id > $2 AND (SELECT ok FROM got) ORDER BY id LIMIT $3 \
    ), gone AS ( \
        DELETE FROM outbox WHERE id = ANY (ARRAY(SELECT id FROM next)) RETURNING id, payload \
    ), head AS MATERIALIZED ( \
        SELECT coalesce(max(position), 0) AS position FROM events \
    ), moved AS ( \
        INSERT INTO events (position, payload) \
        SELECT head.position + row_number() OVER (ORDER BY gone.id), payload FROM gone, head \
        RETURNING position \
    ) \
    SELECT (SELECT ok FROM got), (SELECT count(*) FROM next), (SELECT count(*) FROM moved), \
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// The last drawn id, the newest position, and how many rows wait, of which no more than enough are counted.
const LOOK: &str = "SELECT coalesce(pg_sequence_last_value('outbox_id_seq'), 0), \
    (SELECT coalesce(max(position), 0) FROM events), \
    (SELECT count(*) FROM (SELECT FROM outbox WHERE id > $1 LIMIT 10000) AS waiting)";
/// Takes a transaction id.
const TRANSACTION: &str = "SELECT pg_current_xact_id()::text::bigint";

/// The result of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Whether it was the only one at that moment. If not, another instance was sequencing.
    pub alone: bool,
    /// How many rows it moved.
    pub moved: u64,
    /// Whether there may be more to move right now.
    pub again: bool,
}

impl Pass {
    const COLLIDED: Self = Self { alone: true, moved: 0, again: true };
}

impl EventLog {
    /// Moves up to `most` rows above the floor. With `all`, the floor is ignored.
    pub(super) async fn sequence(&self, floor: &mut Floor, most: u32, all: bool) -> Result<Pass, DbErr> {
        let from = if all { 0 } else { floor.id() };
        let values = [LOCK.into(), from.into(), i64::from(most).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, SEQUENCE, values);
        let row = match one_row(&self.db, statement).await {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Ok(Pass::COLLIDED);
            }
            row => row?,
        };
        let mut fields = Fields::of(&row);
        let (alone, seen, moved) = (fields.value()?, fields.count()?, fields.count()?);
        let again = alone && (seen == u64::from(most) || moved < seen);
        let oldest_running = fields.value()?;
        if alone && !again {
            floor.passed(oldest_running);
        }
        Ok(Pass { alone, moved, again })
    }

    /// Looks up what the floor may be raised to, and tells the observer the state of the log. The order of the two statements matters: see [`super::floor`].
    pub(super) async fn look(&self, floor: &mut Floor) -> Result<(), DbErr> {
        let last = Statement::from_sql_and_values(DbBackend::Postgres, LOOK, [floor.id().into()]);
        let row = one_row(&self.db, last).await?;
        let mut fields = Fields::of(&row);
        let (id, head, waiting) = (fields.value()?, fields.count()?, fields.count()?);
        let transaction = Statement::from_string(DbBackend::Postgres, TRANSACTION);
        floor.note(id, Fields::of(&one_row(&self.db, transaction).await?).value()?);
        if let Some(observer) = &self.db.inner.observer {
            observer.log(head, waiting);
        }
        Ok(())
    }
}

async fn one_row(db: &Database, statement: Statement) -> Result<Row, DbErr> {
    let rows = db.read_primary().query_at_once(statement).await?;
    rows.into_iter().next().map(Row::Pooled).ok_or_else(|| DbErr::RecordNotFound("outbox".to_owned()))
}
