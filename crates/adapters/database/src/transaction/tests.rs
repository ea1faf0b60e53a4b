use events::Fact;
use futures_util::FutureExt;
use migration::Migrator;
use sea_orm::{ConnectionTrait, Statement};
use testkit::{TestDatabase, on_both_databases};

use crate::location::Location;
use crate::{Database, DatabaseOptions};

on_both_databases![
    a_failed_statement_prevents_the_commit,
    a_cancelled_statement_prevents_the_commit,
    a_failure_after_the_rows_fails_the_statement,
    failed_migrations_can_be_retried,
    facts_wake_the_sequencer,
];

async fn open(db: &TestDatabase) -> Database {
    Database::connect(&DatabaseOptions::new(Location::parse(db.url()).unwrap())).await.unwrap()
}

fn account(id: &str) -> String {
    format!(
        "INSERT INTO users (id, username, display_name, bio, password_hash, created_at) \
         VALUES ('{id}', '{id}', '{id}', '', '', 1)"
    )
}

/// Asserts that the transactions so far stored nothing, and that the next one is stored.
async fn stores_the_next_transaction(database: &Database, db: &TestDatabase) {
    assert_eq!(db.count("users").await, 0);
    let tx = database.begin().await.unwrap();
    tx.execute_unprepared(&account("after")).await.unwrap();
    tx.commit(None).await.unwrap();
    // Counted over another connection, which sees committed rows only.
    assert_eq!(db.count("users").await, 1);
}

async fn a_failed_statement_prevents_the_commit(db: TestDatabase) {
    let database = open(&db).await;
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared(&account("before")).await.unwrap();
        tx.execute_unprepared("SELECT * FROM nowhere").await.unwrap_err();
        tx.execute_unprepared(&account("behind")).await.unwrap_err();
        tx.commit(None).await.unwrap_err();
    }
    stores_the_next_transaction(&database, &db).await;
}

const COUNTING: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT count(*) FROM n";

async fn a_cancelled_statement_prevents_the_commit(db: TestDatabase) {
    let database = open(&db).await;
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared(&account("before")).await.unwrap();
        // The statement takes long enough to be pending at its first poll, unless the machine stalls.
        while tx.execute_unprepared(COUNTING).now_or_never().is_some() {}
        tx.commit(None).await.unwrap_err();
    }
    stores_the_next_transaction(&database, &db).await;
}

/// References are checked at the end of a statement, after its rows were sent.
async fn a_failure_after_the_rows_fails_the_statement(db: TestDatabase) {
    let database = open(&db).await;
    let orphan =
        "INSERT INTO posts (id, author_id, content, created_at) VALUES ('orphan', 'nobody', '', 1) RETURNING id";
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        let orphan = Statement::from_string(tx.get_database_backend(), orphan);
        tx.query_one_raw(orphan).await.unwrap_err();
        tx.commit(None).await.unwrap_err();
    }
    stores_the_next_transaction(&database, &db).await;
}

async fn failed_migrations_can_be_retried(other: TestDatabase) {
    let db = TestDatabase::without_tables(other.engine()).await;
    let database = open(&db).await;
    db.execute("CREATE TABLE follows (id INTEGER)").await;
    for _ in 0..2 {
        database.migrate::<Migrator>().await.unwrap_err();
        assert!(!database.is_migrated::<Migrator>().await.unwrap());
    }
    db.execute("DROP TABLE follows").await;
    database.migrate::<Migrator>().await.unwrap();
    stores_the_next_transaction(&database, &db).await;
}

mod sqlite_only {
    use super::*;

    /// `RAISE(ROLLBACK)` ends the transaction as a full disc does: nothing is left to roll back.
    #[test]
    fn transactions_after_one_that_sqlite_ended_are_stored() {
        testkit::run(testkit::Engine::Sqlite, async |db: TestDatabase| {
            let database = open(&db).await;
            db.execute("CREATE TRIGGER ends BEFORE INSERT ON users WHEN NEW.id = 'before' BEGIN SELECT RAISE(ROLLBACK, 'ended'); END")
                .await;
            for ended in ["dropped", "rolled back", "committed", "dropped"] {
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared(&account("before")).await.unwrap_err();
                match ended {
                    "committed" => drop(tx.commit(None).await.unwrap_err()),
                    "rolled back" => drop(tx.roll_back().await.unwrap_err()),
                    _ => drop(tx),
                }
                // Dropped without a failure. On a connection that still counts the ended transaction, this would be a
                // savepoint inside a transaction without end.
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared(&account("in-vain")).await.unwrap();
                drop(tx);
            }
            stores_the_next_transaction(&database, &db).await;
        });
    }

    #[test]
    fn transactions_after_a_rejected_commit_are_stored() {
        testkit::run(testkit::Engine::Sqlite, async |db: TestDatabase| {
            let database = open(&db).await;
            for _ in 0..2 {
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.unwrap();
                let orphan =
                    "INSERT INTO posts (id, author_id, content, created_at) VALUES ('orphan', 'nobody', '', 1)";
                tx.execute_unprepared(orphan).await.unwrap();
                tx.commit(None).await.unwrap_err();
            }
            stores_the_next_transaction(&database, &db).await;
            assert_eq!(db.count("posts").await, 0);
        });
    }
}

/// Otherwise their entries would wait for the next pass at an interval.
async fn facts_wake_the_sequencer(db: TestDatabase) {
    let database = open(&db).await;
    let written = || database.inner.written.signalled().now_or_never().is_some();
    let begin = async || {
        let tx = database.begin().await.unwrap();
        tx.tell([Fact::UserErased { user: testkit::id("one") }]);
        tx
    };
    begin().await.roll_back().await.unwrap();
    database.begin().await.unwrap().commit(None).await.unwrap();
    assert!(!written());
    begin().await.commit(None).await.unwrap();
    assert!(written());
    let statement = Statement::from_string(database.backend(), "SELECT 1");
    database.write_at_once(statement, []).await.unwrap();
    assert!(written());
}
