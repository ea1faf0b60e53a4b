use std::sync::Arc;

use sea_orm::{ConnectionTrait, RuntimeErr, Statement, sqlx};
use testkit::{Engine, TestDatabase, on_both_databases};

use super::*;
use crate::DatabaseOptions;
use crate::location::Location;
use crate::refusal::Refusal;

on_both_databases![is_probed_until_a_write_is_stored, only_storage_errors_set_the_status];

async fn open(location: Location) -> Database {
    let database = Database::connect(&DatabaseOptions::new(location)).await.unwrap();
    database.inner.writes.execute_unprepared("CREATE TABLE IF NOT EXISTS notes (bytes BLOB)").await.unwrap();
    database
}

fn said(code: &str) -> DbErr {
    let refusal = Refusal { code: code.to_owned(), said: String::new(), routine: None };
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Database(Box::new(refusal)))))
}

async fn is_probed_until_a_write_is_stored(db: TestDatabase) {
    let database = Database::connect(&DatabaseOptions::new(Location::parse(db.url()).unwrap())).await.unwrap();
    database.inner.storage.failed(&said(if db.engine() == Engine::Sqlite { "13" } else { "53100" }));
    assert_eq!(database.storage(), StorageStatus::Full);
    database.probe_storage().await;
    assert_eq!(database.storage(), StorageStatus::Sound);
    let left = match db.engine() {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'storage_probe'",
        Engine::Postgres => "SELECT count(*) FROM pg_class WHERE relname = 'storage_probe'",
    };
    assert_eq!(db.scalar_i64(left).await, 0);
}

async fn only_storage_errors_set_the_status(db: TestDatabase) {
    let database = Database::connect(&DatabaseOptions::new(Location::parse(db.url()).unwrap())).await.unwrap();
    let (fails, refuses) = if db.engine() == Engine::Sqlite { ("778", "1555") } else { ("58030", "23505") };
    database.inner.storage.failed(&said(refuses));
    assert_eq!(database.storage(), StorageStatus::Sound);
    database.inner.storage.failed(&said(fails));
    database.inner.storage.failed(&said(refuses));
    assert_eq!(database.storage(), StorageStatus::Failing);
    let tx = database.begin().await.unwrap();
    tx.commit(None).await.unwrap();
    assert_eq!(database.storage(), StorageStatus::Sound);
}

/// Limits the database to `pages` pages more than it has.
async fn leave_room(database: &Database, pages: u32) {
    let writes = &database.inner.writes;
    let count = Statement::from_string(DbBackend::Sqlite, "PRAGMA page_count");
    let count: i64 = writes.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    writes.execute_unprepared(&format!("PRAGMA max_page_count = {}", count + i64::from(pages))).await.unwrap();
}

async fn note(database: &Database, bytes: u32) -> Result<(), DbErr> {
    let tx = database.begin().await?;
    tx.execute_unprepared(&format!("INSERT INTO notes VALUES (zeroblob({bytes}))")).await?;
    tx.commit(None).await
}

#[test]
fn a_full_file_stores_writes_once_it_has_room() {
    testkit::run(Engine::Sqlite, async |db: TestDatabase| {
        let database = open(Location::parse(db.url()).unwrap()).await;
        for _ in 0..3 {
            leave_room(&database, 2).await;
            let error = note(&database, 1_000_000).await.unwrap_err();
            assert_eq!(storage_failure(&error), Some(StorageFailure::Full), "{error}");
            assert_eq!(database.storage(), StorageStatus::Full);
        }
        for stored in 1..=3 {
            note(&database, 1_000_000).await.unwrap();
            assert_eq!(db.count("notes").await, stored);
        }
        assert_eq!(database.storage(), StorageStatus::Sound);
    });
}

/// The file belongs to the connection alone, and is lost when that is closed.
#[cfg(unix)]
#[test]
fn a_moved_or_replaced_file_rejects_writes() {
    testkit::run(Engine::Sqlite, async |db: TestDatabase| {
        let Location::SqliteFile(path) = Location::parse(db.url()).unwrap() else { panic!("{}", db.url()) };
        let database = open(Location::SqliteFile(path.clone())).await;
        note(&database, 1).await.unwrap();
        let elsewhere = path.with_extension("elsewhere");
        for replaced in [false, true] {
            std::fs::rename(&path, &elsewhere).unwrap();
            if replaced {
                std::fs::copy(&elsewhere, &path).unwrap();
            }
            for _ in 0..2 {
                let error = note(&database, 1).await.unwrap_err();
                assert_eq!(storage_failure(&error), Some(StorageFailure::Failing), "{error}");
                database.probe_storage().await;
                assert_eq!(database.storage(), StorageStatus::Failing);
            }
            std::fs::rename(&elsewhere, &path).unwrap();
            database.probe_storage().await;
            assert_eq!(database.storage(), StorageStatus::Sound);
        }
        note(&database, 1).await.unwrap();
        assert_eq!(db.count("notes").await, 2);
    });
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_stores_writes() {
    testkit::run(Engine::Sqlite, async |db: TestDatabase| {
        let Location::SqliteFile(path) = Location::parse(db.url()).unwrap() else { panic!("{}", db.url()) };
        let folder = path.with_extension("elsewhere");
        std::fs::create_dir(&folder).unwrap();
        let link = folder.join("linked.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let database = open(Location::SqliteFile(link)).await;
        note(&database, 1).await.unwrap();
        assert_eq!(db.count("notes").await, 1);
    });
}

/// The connection is kept, as the in-memory database would be lost with it.
#[tokio::test]
async fn a_full_memory_stores_writes_once_it_has_room() {
    let database = open(Location::SqliteMemory).await;
    note(&database, 1).await.unwrap();
    leave_room(&database, 2).await;
    for _ in 0..3 {
        let error = note(&database, 1_000_000).await.unwrap_err();
        assert_eq!(storage_failure(&error), Some(StorageFailure::Full), "{error}");
        let dropped = database.begin().await.unwrap();
        dropped.execute_unprepared("INSERT INTO notes VALUES (NULL)").await.unwrap();
        drop(dropped);
        database.probe_storage().await;
        assert_eq!(database.storage(), StorageStatus::Full);
    }
    leave_room(&database, 1_000).await;
    database.probe_storage().await;
    assert_eq!(database.storage(), StorageStatus::Sound);
    note(&database, 1_000_000).await.unwrap();
    // Inside a transaction without end, this would lose the notes, or fail.
    let writes = &database.inner.writes;
    writes.execute_unprepared("BEGIN").await.unwrap();
    writes.execute_unprepared("ROLLBACK").await.unwrap();
    let count = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) FROM notes");
    let count: i64 = writes.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(count, 2);
}
