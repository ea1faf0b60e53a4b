//! What [`persistence`] says about its schema.

use testkit::{Engine, on_both_databases};

use crate::scene::Scene;

on_both_databases![names_every_table];

async fn names_every_table(s: Scene) {
    let tables = match s.db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    };
    let mut stored = s.db.texts(tables).await;
    stored.retain(|table| table != "seaql_migrations");
    if s.db.engine() == Engine::Sqlite {
        stored.push("outbox".to_owned());
    }
    stored.sort();
    assert_eq!(stored, persistence::TABLES, "change `TABLES` in schema.rs");
}
