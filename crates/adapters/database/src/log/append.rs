//! Stores the facts of a transaction in the log, at no cost of a round trip.
//!
//! On PostgreSQL the row goes with the next statement of the transaction, as one more part of its `WITH` clause. Only
//! facts that no statement follows take a statement of their own. On SQLite, where a statement costs no round trip, the
//! row is added right before the commit.

use events::{Fact, encode};
use sea_orm::{DbBackend, Statement, Values};

/// The statement that adds the row of a transaction.
const TO_OUTBOX: &str = "INSERT INTO outbox (payload) VALUES ($1)";
/// The single writer draws the next position itself.
const TO_EVENTS: &str = "INSERT INTO events (position, payload) SELECT coalesce(max(position), 0) + 1, ?1 FROM events";

/// The facts that a transaction told so far.
#[derive(Default)]
pub(crate) struct Appending {
    facts: Vec<Fact>,
    /// Whether they are in the log already.
    are_appended: bool,
}

impl Appending {
    /// Adds facts, which go with the next statement.
    pub(crate) fn tell(&mut self, facts: impl IntoIterator<Item = Fact>) {
        debug_assert!(!self.are_appended, "a transaction has one entry, so it tells its facts before one statement");
        self.facts.extend(facts);
    }

    /// The facts that are not in the log yet; they count as appended from now on.
    pub(crate) fn take(&mut self) -> Option<String> {
        if self.are_appended || self.facts.is_empty() {
            return None;
        }
        self.are_appended = true;
        Some(encode(&self.facts))
    }

    /// All facts, in the order in which they were told.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }
}

/// The statement that adds one row with these facts.
pub(crate) fn append(backend: DbBackend, payload: String) -> Statement {
    let sql = if backend == DbBackend::Postgres { TO_OUTBOX } else { TO_EVENTS };
    Statement::from_sql_and_values(backend, sql, [payload.into()])
}

/// Whether `statement` of PostgreSQL can have one more part in its `WITH` clause.
pub(crate) fn can_carry(statement: &Statement) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|word| statement.sql.starts_with(word))
}

/// `statement`, which also adds one row with these facts.
///
/// The row is part of the transaction, whether or not the statement finds anything. What decides that nothing changed
/// rolls the transaction back.
pub(crate) fn carried_by(statement: Statement, payload: String) -> Statement {
    let mut values = statement.values.map_or_else(Vec::new, |values| values.0);
    values.push(payload.into());
    let told = format!("told AS (INSERT INTO outbox (payload) VALUES (${}))", values.len());
    let sql = match statement.sql.strip_prefix("WITH RECURSIVE ") {
        Some(rest) => format!("WITH RECURSIVE {told}, {rest}"),
        None => match statement.sql.strip_prefix("WITH ") {
            Some(rest) => format!("WITH {told}, {rest}"),
            None => format!("WITH {told} {}", statement.sql),
        },
    };
    Statement { sql, values: Some(Values(values)), ..statement }
}

/// The part of a batch statement that adds its row. `$facts` is a query with one column, `fact`, and a fact in each row,
/// as [`events::encode`] writes it. Ids need no escape. Without facts no row is added.
///
/// The query must read from the part of the statement that locked or changed what the facts are about. The id of the row
/// is then drawn under these locks, and the order of ids is the order of changes.
#[macro_export]
macro_rules! told {
    ($($facts:expr),+ $(,)?) => {
        concat!(
            ", told AS ( \
                INSERT INTO outbox (payload) SELECT '[' || string_agg(fact, ',') || ']' FROM (",
            $($facts,)+
            ") AS facts HAVING count(*) > 0 \
            )"
        )
    };
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[track_caller]
    fn assert_carried(sql: &str, expected: &str) {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [7.into()]);
        assert!(can_carry(&statement));
        let carried = carried_by(statement, "[]".to_owned());
        assert_eq!(carried.sql, expected);
        assert_eq!(carried.values, Some(Values(vec![7.into(), "[]".into()])));
    }

    #[test]
    fn goes_with_any_statement_that_may_have_a_with_clause() {
        let told = "told AS (INSERT INTO outbox (payload) VALUES ($2))";
        assert_carried("UPDATE a SET b = $1", &format!("WITH {told} UPDATE a SET b = $1"));
        assert_carried("WITH a AS (SELECT $1) SELECT 2", &format!("WITH {told}, a AS (SELECT $1) SELECT 2"));
        let recursive = "WITH RECURSIVE a AS (SELECT $1) SELECT 2";
        assert_carried(recursive, &format!("WITH RECURSIVE {told}, a AS (SELECT $1) SELECT 2"));
        assert!(!can_carry(&Statement::from_string(DbBackend::Postgres, "SET LOCAL jit = off")));
    }

    #[test]
    fn appends_facts_once() {
        let user = domain::Id::parse("tz4a98xxat96iws9zmbrgj3a").unwrap();
        let facts = [Fact::UserErased { user }, Fact::UserRecounted { user }];
        let mut appending = Appending::default();
        assert_eq!(appending.take(), None);
        for fact in &facts {
            appending.tell([fact.clone()]);
        }
        assert_eq!(appending.take(), Some(encode(&facts)));
        assert_eq!(appending.take(), None);
        assert_eq!(appending.into_facts(), facts);
    }
}
