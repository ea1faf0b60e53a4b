//! Plans of SQLite.

use sea_orm::Statement;
use testkit::TestDatabase;

use super::{Kind, explain};

/// What a plan may scan besides an index: the authors of a home timeline, and the page that was merged from their
/// posts.
const BOUNDED: [&str; 2] = ["SCAN authors", "SCAN newest"];

/// What is wrong with the plan of a statement.
pub(super) async fn objections(db: &TestDatabase, statement: &Statement, kind: Kind) -> Vec<String> {
    let steps = explain(db, "EXPLAIN QUERY PLAN", statement).await;
    let steps = steps.iter().map(|step| step.try_get::<String>("", "detail").unwrap());
    steps.filter(|step| is_objectionable(step, kind)).collect()
}

fn is_objectionable(step: &str, kind: Kind) -> bool {
    let bounded = kind == Kind::Merged && BOUNDED.contains(&step);
    let reads_table = !step.contains(" USING ") && !step.ends_with(" VALUES CLAUSE") && step != "SCAN CONSTANT ROW";
    let scans = step.starts_with("SCAN") && reads_table;
    let sorts = step.starts_with("USE TEMP B-TREE") && kind == Kind::Ordered;
    // An automatic index for one statement reads the whole table first.
    let indexes = step.contains("AUTOMATIC");
    (scans && !bounded) || sorts || indexes
}

mod objections {
    use super::super::{Engine, unordered};
    use super::*;

    #[test]
    fn are_raised_against_a_scan_and_a_sort() {
        testkit::run(Engine::Sqlite, async |db: TestDatabase| {
            let found = objections(&db, &unordered(&db), Kind::Ordered).await;
            assert_eq!(found, ["SCAN posts", "USE TEMP B-TREE FOR ORDER BY"]);
        });
    }
}
