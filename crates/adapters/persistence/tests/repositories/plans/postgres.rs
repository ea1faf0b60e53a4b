//! Plans of PostgreSQL.

use sea_orm::sea_query::{PostgresQueryBuilder, QueryBuilder};
use sea_orm::{Statement, Values};

use serde_json::Value;
use testkit::TestDatabase;

use super::{Kind, explain};

/// Most authors whose newest posts are compared.
const AUTHORS: f64 = 201.0;

/// What is wrong with the plans of a statement: the plan for its values, and the generic plan. PostgreSQL may keep the
/// generic plan after a few executions.
pub(super) async fn objections(db: &TestDatabase, statement: &Statement, kind: Kind, rows: u8) -> Vec<String> {
    let explain_it = "EXPLAIN (ANALYZE, FORMAT JSON)";
    let for_its_values = explain(db, explain_it, statement).await;

    db.execute(&format!("SET plan_cache_mode = force_generic_plan; PREPARE it AS {}", statement.sql)).await;
    let for_any_values = db.rows(&format!("{explain_it} EXECUTE it{}", literals(statement))).await;
    db.execute("DEALLOCATE it; RESET plan_cache_mode").await;

    let mut found = Vec::new();
    for (which, plan) in [("for its values", for_its_values), ("for any values", for_any_values)] {
        let plan: Value = plan.first().unwrap().try_get_by_index(0).unwrap();
        let mut objections = Vec::new();
        examine(&plan[0]["Plan"], kind, f64::from(rows), &mut objections);
        found.extend(objections.into_iter().map(|objection| format!("{objection} (planned {which})")));
    }
    found
}

/// Whether PostgreSQL keeps one plan for all values of a statement after several executions.
pub(super) async fn is_planned_once(db: &TestDatabase, statement: &Statement) -> bool {
    db.execute(&format!("PREPARE it AS {}", statement.sql)).await;
    for _ in 0..10 {
        db.rows(&format!("EXECUTE it{}", literals(statement))).await;
    }
    let kept = "SELECT generic_plans FROM pg_prepared_statements WHERE name = 'it'";
    let is_kept = db.scalar_i64(kept).await > 0;
    db.execute("DEALLOCATE it").await;
    is_kept
}

/// The values of a statement as `EXECUTE` takes them.
fn literals(statement: &Statement) -> String {
    let values = statement.values.iter().flat_map(Values::iter);
    let literals: Vec<_> = values.map(|value| PostgresQueryBuilder.value_to_string(value)).collect();
    if literals.is_empty() { String::new() } else { format!("({})", literals.join(", ")) }
}

/// Examines a node of a plan and the nodes below it. None may read more rows than the page has, as joined rows are
/// looked up one by one.
fn examine(node: &Value, kind: Kind, rows: f64, found: &mut Vec<String>) {
    let number = |key: &str| node[key].as_f64().unwrap_or_default();
    let name = node["Node Type"].as_str().unwrap();
    let of = node["Relation Name"].as_str().unwrap_or_default();
    let touched = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
    let bound = if kind == Kind::Merged { AUTHORS.max(rows * rows) } else { rows };
    if name == "Seq Scan" {
        found.push(format!("reads all of {of}"));
    }
    if touched > bound {
        found.push(format!("{name} of {of} touches {touched} rows"));
    }
    // A sort is fine if the planner expected few rows to sort.
    if kind == Kind::Ordered && name.ends_with("Sort") && number("Plan Rows") > rows {
        found.push(format!("sorts {} rows", number("Plan Rows")));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        examine(child, kind, rows, found);
    }
}

mod objections {
    use super::super::{Engine, unordered};
    use super::*;

    #[test]
    fn are_raised_against_a_scan_and_a_sort() {
        testkit::run(Engine::Postgres, async |db: TestDatabase| {
            let found = objections(&db, &unordered(&db), Kind::Ordered, 20).await;
            assert!(found.contains(&"reads all of posts (planned for its values)".to_owned()), "{found:?}");
            assert!(found.contains(&"reads all of posts (planned for any values)".to_owned()), "{found:?}");
        });
    }

    #[test]
    fn are_raised_against_too_many_rows() {
        let sort = serde_json::json!({
            "Node Type": "Incremental Sort", "Plan Rows": 5000, "Actual Rows": 21, "Actual Loops": 1,
            "Plans": [{"Node Type": "Index Scan", "Relation Name": "posts", "Plan Rows": 5000, "Actual Rows": 3,
                       "Rows Removed by Filter": 1, "Actual Loops": 300}],
        });
        let mut found = Vec::new();
        examine(&sort, Kind::Ordered, 21.0, &mut found);
        assert_eq!(found, ["sorts 5000 rows", "Index Scan of posts touches 1200 rows"]);
    }
}
