use futures_util::FutureExt;
use migration::Migrator;
use sea_orm::{ConnectionTrait, Statement};
use testkit::{TestDatabase, on_both_databases};

use crate::location::Location;
use crate::{Database, DatabaseOptions};

on_both_databases![
    what_failed_within_is_not_committed,
    what_was_given_up_within_is_not_committed,
    a_row_is_not_answered_of_what_failed_after_it,
    migrations_that_failed_can_be_made_again,
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

/// That each of two transactions in a row came to nothing, and that the one after them is stored.
async fn goes_on(database: &Database, db: &TestDatabase) {
    assert_eq!(db.count("users").await, 0);
    let tx = database.begin().await.unwrap();
    tx.execute_unprepared(&account("after")).await.unwrap();
    tx.commit(None, []).await.unwrap();
    // Over a connection that sees what is committed, and nothing else.
    assert_eq!(db.count("users").await, 1);
}

async fn what_failed_within_is_not_committed(db: TestDatabase) {
    let database = open(&db).await;
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared(&account("before")).await.unwrap();
        tx.execute_unprepared("SELECT * FROM nowhere").await.unwrap_err();
        tx.execute_unprepared(&account("behind")).await.unwrap_err();
        tx.commit(None, []).await.unwrap_err();
    }
    goes_on(&database, &db).await;
}

const COUNTING: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT count(*) FROM n";

async fn what_was_given_up_within_is_not_committed(db: TestDatabase) {
    let database = open(&db).await;
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared(&account("before")).await.unwrap();
        // It takes long enough not to be there at once, but on a machine that stands still meanwhile.
        while tx.execute_unprepared(COUNTING).now_or_never().is_some() {}
        tx.commit(None, []).await.unwrap_err();
    }
    goes_on(&database, &db).await;
}

/// References are looked at when a statement ends, after its rows have been answered.
async fn a_row_is_not_answered_of_what_failed_after_it(db: TestDatabase) {
    let database = open(&db).await;
    let orphan =
        "INSERT INTO posts (id, author_id, content, created_at) VALUES ('orphan', 'nobody', '', 1) RETURNING id";
    for _ in 0..2 {
        let tx = database.begin().await.unwrap();
        let orphan = Statement::from_string(tx.get_database_backend(), orphan);
        tx.query_one_raw(orphan).await.unwrap_err();
        tx.commit(None, []).await.unwrap_err();
    }
    goes_on(&database, &db).await;
}

async fn migrations_that_failed_can_be_made_again(other: TestDatabase) {
    let db = TestDatabase::without_tables(other.engine()).await;
    let database = open(&db).await;
    db.execute("CREATE TABLE follows (id INTEGER)").await;
    for _ in 0..2 {
        database.migrate::<Migrator>().await.unwrap_err();
        assert!(!database.is_migrated::<Migrator>().await.unwrap());
    }
    db.execute("DROP TABLE follows").await;
    database.migrate::<Migrator>().await.unwrap();
    goes_on(&database, &db).await;
}

mod sqlite_by_itself {
    use super::*;

    /// `RAISE(ROLLBACK)` ends a transaction as a full disc does: there is none to roll back any more.
    #[test]
    fn ends_transactions_and_those_after_them_are_stored() {
        testkit::run(testkit::Engine::Sqlite, async |db: TestDatabase| {
            let database = open(&db).await;
            db.execute("CREATE TRIGGER ends BEFORE INSERT ON users WHEN NEW.id = 'before' BEGIN SELECT RAISE(ROLLBACK, 'ended'); END")
                .await;
            for ended in ["dropped", "rolled back", "committed", "dropped"] {
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared(&account("before")).await.unwrap_err();
                match ended {
                    "committed" => drop(tx.commit(None, []).await.unwrap_err()),
                    "rolled back" => drop(tx.give_up().await.unwrap_err()),
                    _ => drop(tx),
                }
                // One that is given up without a failure: after one that ended by itself it was the one that nobody ended.
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared(&account("in-vain")).await.unwrap();
                drop(tx);
            }
            goes_on(&database, &db).await;
        });
    }

    #[test]
    fn refuses_to_commit_and_what_comes_after_is_stored() {
        testkit::run(testkit::Engine::Sqlite, async |db: TestDatabase| {
            let database = open(&db).await;
            for _ in 0..2 {
                let tx = database.begin().await.unwrap();
                tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.unwrap();
                let orphan =
                    "INSERT INTO posts (id, author_id, content, created_at) VALUES ('orphan', 'nobody', '', 1)";
                tx.execute_unprepared(orphan).await.unwrap();
                tx.commit(None, []).await.unwrap_err();
            }
            goes_on(&database, &db).await;
            assert_eq!(db.count("posts").await, 0);
        });
    }
}
