//! Statements that PostgreSQL plans once for all values.
//!
//! PostgreSQL keeps a generic plan of a prepared statement only if that looks as good as a plan for the current
//! values. With a `LIMIT` that is a value, it hardly ever does: PostgreSQL assumes that a tenth of all rows is
//! requested. So it would plan a list anew for every page, which may take as long as reading the page. Here the
//! limits of usual pages are part of the text.
//!
//! This is for lists whose best plan does not depend on the values. The comments of a post are no such list: the best
//! plan for few comments would read all comments of a post with many.

use std::fmt::{self, Write};

use domain::PageSize;
use sea_orm::sea_query::{PostgresQueryBuilder, QueryBuilder, SelectStatement, SqlWriter, SqlWriterValues, Value};
use sea_orm::{DbBackend, Statement};

/// Whether a limit or offset is written into the text:
/// - `LIMIT 1` and `OFFSET 0`, of queries for existence
/// - the limits of a page of the default and of the largest size, each with one row more, which shows whether a page
///   follows
///
/// Any other bound stays a value. Each text is a statement of its own, and a connection keeps a limited number of
/// them.
fn is_written_out(bound: u64) -> bool {
    let pages = [PageSize::DEFAULT.get(), PageSize::MAX.into()];
    bound <= 1 || pages.iter().any(|size| bound == *size as u64 + 1)
}

/// The statement for `select`, with the bounds of usual pages in its text.
pub(super) fn planned_once(backend: DbBackend, select: &SelectStatement) -> Statement {
    if backend != DbBackend::Postgres {
        return backend.build(select);
    }
    let (placeholder, numbered) = PostgresQueryBuilder.placeholder();
    let mut text = Text(SqlWriterValues::new(placeholder, numbered));
    select.build_collect_into(PostgresQueryBuilder, &mut text);
    let (sql, values) = text.0.into_parts();
    Statement::from_sql_and_values(backend, sql, values)
}

/// The text of a statement, with placeholders for its values.
struct Text(SqlWriterValues);

impl SqlWriter for Text {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, builder: &T) {
        match value {
            // Only bounds are of this type.
            Value::BigUnsigned(Some(bound)) if is_written_out(bound) => {
                // Writing to a `String` never fails.
                let _ = write!(self.0, "{bound}");
            }
            value => self.0.push_param(value, builder),
        }
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Values;
    use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};

    use super::*;

    fn page_of(rows: u64) -> (String, Option<Values>) {
        let mut select = Query::select();
        let [posts, id, content, likes] = ["posts", "id", "content", "like_count"].map(Alias::new);
        select.column(id).from(posts).and_where(Expr::col(content).eq("'7'"));
        select.and_where(Expr::col(likes).gt(1_i64)).limit(rows);
        let Statement { sql, values, .. } = planned_once(DbBackend::Postgres, &select);
        (sql, values)
    }

    #[test]
    fn the_bound_of_a_usual_page_is_part_of_the_text() {
        let values = Some(Values(vec!["'7'".into(), 1_i64.into()]));
        for rows in [0, 1, 21, 101] {
            let text = format!(r#"SELECT "id" FROM "posts" WHERE "content" = $1 AND "like_count" > $2 LIMIT {rows}"#);
            assert_eq!(page_of(rows), (text, values.clone()));
        }
    }

    #[test]
    fn any_other_bound_is_a_value() {
        let text = r#"SELECT "id" FROM "posts" WHERE "content" = $1 AND "like_count" > $2 LIMIT $3"#;
        let values = Values(vec!["'7'".into(), 1_i64.into(), 20_u64.into()]);
        assert_eq!(page_of(20), (text.to_owned(), Some(values)));
    }
}
