//! Counters, which change in the transaction that changes the counted rows.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, UpdateMany, UpdateResult};

/// Rows that one statement corrects: far fewer parameters than the limit of either database.
const CHUNK: usize = 500;

/// Adds `change` to `counter` of `rows`.
pub(super) async fn add<E, C>(
    tx: &impl ConnectionTrait,
    rows: UpdateMany<E>,
    counter: C,
    change: i64,
) -> Result<UpdateResult, DbErr>
where
    E: EntityTrait,
    C: ColumnTrait,
{
    rows.col_expr(counter, Expr::col(counter).add(change)).exec(tx).await
}

/// Subtracts `number` from `counter` of `rows`, down to 0. A counter that was too low stays wrong, but blocks no
/// removal.
pub(super) async fn subtract<E, C>(
    tx: &impl ConnectionTrait,
    rows: UpdateMany<E>,
    counter: C,
    number: i64,
) -> Result<(), DbErr>
where
    E: EntityTrait,
    C: ColumnTrait,
{
    let less = Expr::case(Expr::col(counter).gt(number), Expr::col(counter).sub(number)).finally(0);
    rows.col_expr(counter, less.into()).exec(tx).await.map(drop)
}

/// [`subtract`]s from `counter` of each row, found by its `id`, how often the row occurs in `ids`.
///
/// The caller holds the locks of the rows, as they are updated in no defined order.
pub(super) async fn subtract_occurrences<E, C>(
    tx: &impl ConnectionTrait,
    (id, counter): (C, C),
    ids: Vec<String>,
) -> Result<(), DbErr>
where
    E: EntityTrait<Column = C>,
    C: ColumnTrait,
{
    let mut occurrences: BTreeMap<String, i64> = BTreeMap::new();
    for id in ids {
        *occurrences.entry(id).or_default() += 1;
    }
    let mut by_number: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (id, number) in occurrences {
        by_number.entry(number).or_default().push(id);
    }
    for (number, ids) in by_number {
        for chunk in ids.chunks(CHUNK) {
            subtract(tx, E::update_many().filter(id.is_in(chunk)), counter, number).await?;
        }
    }
    Ok(())
}
