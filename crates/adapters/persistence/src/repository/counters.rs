//! Counters, which are changed in the transaction that changes the rows they count.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, UpdateMany, UpdateResult};

/// Rows corrected by one statement; keeps the number of its parameters far below every database's bound.
const CHUNK: usize = 500;

/// Adds `change` to `counter` of the rows that `rows` picks.
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

/// Subtracts from `counter` of each row, picked by its `id`, how often the row is named in `ids`.
///
/// Rows are changed in the order of their ids, so that two that do this at once do not wait for each other.
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
            add(tx, E::update_many().filter(id.is_in(chunk)), counter, -number).await?;
        }
    }
    Ok(())
}
