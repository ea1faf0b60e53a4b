//! [`Database`]: its schema, and its errors when it is out of reach.

use std::time::Duration;

use accounts::ports::UserRepository;
use database::{Database, DatabaseOptions, Inspection, Location, Role};
use domain::PageRequest;
use futures_util::future::join_all;
use persistence::SeaUserRepository;
use sea_orm::{ConnectionTrait, TransactionTrait};
use testkit::{Engine, TestDatabase, on_both_databases};

use crate::scene::until_waiting;

mod migrate {
    use super::*;

    on_both_databases![
        creates_the_schema_once,
        lets_many_instances_start_at_once,
        the_previous_version_runs_on_a_newer_schema,
    ];

    async fn the_previous_version_runs_on_a_newer_schema(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        persistence::migrate(&db.database()).await.unwrap();
        db.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99999999_000001_of_the_next', 1)")
            .await;
        assert!(persistence::is_migrated(&db.database()).await.unwrap());
        // An instance may migrate at its start.
        persistence::migrate(&db.database()).await.unwrap();
    }

    async fn creates_the_schema_once(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        assert!(!persistence::is_migrated(&db.database()).await.unwrap());
        for _ in 0..2 {
            persistence::migrate(&db.database()).await.unwrap();
            assert!(persistence::is_migrated(&db.database()).await.unwrap());
        }
        assert_eq!(db.count("users").await, 0);
    }

    async fn lets_many_instances_start_at_once(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        let instances = join_all((0..4).map(|_| {
            let options = DatabaseOptions { max_connections: 2, ..DatabaseOptions::new(db.location()) };
            tokio::spawn(async move {
                let instance = Database::connect(&options).await.unwrap();
                persistence::migrate(&instance).await.unwrap();
                assert!(persistence::is_migrated(&instance).await.unwrap());
            })
        }))
        .await;
        for instance in instances {
            instance.unwrap();
        }
    }
}

/// A log-in locks `sessions` before `refresh_tokens`, and this migration locks them in the other order. PostgreSQL
/// cancels one of the two. Here that is the migration, as the log-in waits first and has a long timeout.
#[test]
fn a_migration_that_deadlocks_with_requests_is_retried() {
    testkit::run(Engine::Postgres, async |_: TestDatabase| {
        let db = TestDatabase::without_tables(Engine::Postgres).await;
        persistence::migrate(&db.database()).await.unwrap();
        db.execute(
            "ALTER TABLE refresh_tokens ADD CONSTRAINT refresh_tokens_session_id_fkey
                 FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE;
             DELETE FROM seaql_migrations WHERE version = 'm20261130_000010_let_tokens_outlive_sessions'",
        )
        .await;
        let lock = |table| format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE");
        let holder = db.sql().begin().await.unwrap();
        holder.execute_unprepared(&lock("refresh_tokens")).await.unwrap();
        let connection = sea_orm::Database::connect(db.url()).await.unwrap();
        let log_in = connection.begin().await.unwrap();
        log_in.execute_unprepared("SET LOCAL deadlock_timeout = '1min'").await.unwrap();
        log_in.execute_unprepared(&lock("sessions")).await.unwrap();

        let instance = db.database();
        let migrating = tokio::spawn(async move { persistence::migrate(&instance).await });
        until_waiting(&holder, 1).await;
        let logging_in = tokio::spawn(async move {
            log_in.execute_unprepared(&lock("refresh_tokens")).await?;
            log_in.commit().await
        });
        until_waiting(&holder, 2).await;
        holder.rollback().await.unwrap();

        logging_in.await.unwrap().unwrap();
        migrating.await.unwrap().unwrap();
        assert!(persistence::is_migrated(&db.database()).await.unwrap());
        assert_eq!(db.log().retries(), [("migrate", "deadlock")]);
        connection.close().await.unwrap();
    });
}

mod schema {
    use super::*;

    /// An address as Prisma writes it, with a schema other than the default.
    #[test]
    fn is_created_as_the_address_says() {
        testkit::run(Engine::Postgres, async |other: TestDatabase| {
            let db = TestDatabase::without_tables(other.engine()).await;
            let location = Location::parse(&format!("{}?schema=elsewhere", db.url())).unwrap();
            let instance = Database::connect(&DatabaseOptions::new(location)).await.unwrap();
            persistence::migrate(&instance).await.unwrap();
            assert!(persistence::is_migrated(&instance).await.unwrap());
            assert_eq!(db.count("elsewhere.users").await, 0);
            assert!(!persistence::is_migrated(&db.database()).await.unwrap());
            let users = SeaUserRepository::new(instance);
            assert_eq!(users.list(PageRequest::default(), None).await.unwrap().items, []);
        });
    }
}

mod ping {
    use super::*;

    on_both_databases![succeeds_while_the_database_is_up];

    async fn succeeds_while_the_database_is_up(db: TestDatabase) {
        db.database().ping().await.unwrap();
        db.database().close().await.unwrap();
        let error = db.database().ping().await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
}

mod connect {
    use super::*;

    #[tokio::test]
    async fn says_why_no_server_answers_without_the_address() {
        let location = Location::parse("postgresql://secret:secret@127.0.0.1:1/secret").unwrap();
        let options = DatabaseOptions { acquire_timeout: Duration::from_secs(1), ..DatabaseOptions::new(location) };
        let Err(error) = Database::connect(&options).await else { panic!("somebody answered") };
        assert_eq!(error.to_string(), "cannot connect to a PostgreSQL server");
        assert_eq!(error.source.to_string(), "Connection refused (os error 111)");
        assert!(!format!("{error:?}").contains("secret"));
    }

    /// Servers repeat the names of the address in their errors.
    #[test]
    fn says_why_a_server_refuses_without_the_address() {
        testkit::run(Engine::Postgres, async |db: TestDatabase| {
            let mut url = url::Url::parse(db.url()).unwrap();
            url.set_path("secret");
            let options = DatabaseOptions::new(Location::parse(url.as_str()).unwrap());
            let Err(error) = Database::connect(&options).await else { panic!("there is such a database") };
            assert_eq!(error.source.to_string(), "the server has no database of this name (SQLSTATE 3D000)");
            assert!(!format!("{error:?}").contains("secret"));
        });
    }

    #[tokio::test]
    async fn takes_the_path_of_a_file_literally() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b", "100% sure", "50%", "#1", "what?", "a\"b'c", "ünï"] {
            let file = folder.path().join(name).join("deep/t.db");
            let location = Location::parse(&format!("sqlite://{}", file.display())).unwrap();
            let database = Database::connect(&DatabaseOptions::new(location.clone())).await.unwrap();
            persistence::migrate(&database).await.unwrap();
            assert!(file.is_file(), "{name}");
            let found = persistence::inspect(&location, Duration::from_secs(1)).await.unwrap();
            assert_eq!(found, Some(Inspection { role: Role::Primary, is_migrated: true, forbidden: None }), "{name}");
            database.close().await.unwrap();
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 7, "and no other folder is made");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn creates_files_that_only_the_owner_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let location = Location::SqliteFile(folder.path().join("t.db"));
        let database = Database::connect(&DatabaseOptions::new(location)).await.unwrap();
        persistence::migrate(&database).await.unwrap();
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["t.db", "t.db-shm", "t.db-wal"]);
        database.close().await.unwrap();
    }

    #[tokio::test]
    async fn leaves_nothing_behind_where_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("t.db")).unwrap();
        std::fs::write(folder.path().join("file"), "no database, and long enough to be seen as none").unwrap();
        for path in ["t.db", "file", "file/deep/t.db", "a%20b/t.db"] {
            let location = Location::SqliteFile(folder.path().join(path));
            let connected = Database::connect(&DatabaseOptions::new(location)).await;
            assert!(connected.is_err(), "{path}");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    }
}

mod inspect {
    use super::*;

    /// The list names the tables, as the schema may contain tables of other programs.
    #[test]
    fn knows_every_table() {
        testkit::run(Engine::Postgres, async |db: TestDatabase| {
            let of_ours = "SELECT tablename::text FROM pg_tables \
                           WHERE schemaname = current_schema() AND tablename <> 'seaql_migrations'";
            let tables = db.texts(of_ours).await;
            let mut url = url::Url::parse(db.url()).unwrap();
            let role = format!("{}_writer", url.path().trim_start_matches('/'));
            db.execute(&format!(
                "CREATE ROLE {role} LOGIN PASSWORD 'hush'; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; \
                 GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
            ))
            .await;
            url.set_username(&role).unwrap();
            url.set_password(Some("hush")).unwrap();
            let location = Location::parse(url.as_str()).unwrap();
            let mut forbidden = Vec::new();
            for table in &tables {
                db.execute(&format!("REVOKE UPDATE ON {table} FROM {role}")).await;
                let found = persistence::inspect(&location, Duration::from_secs(5)).await.unwrap();
                forbidden.extend(found.and_then(|found| found.forbidden));
                db.execute(&format!("GRANT UPDATE ON {table} TO {role}")).await;
            }
            db.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
            let each: Vec<_> = tables.iter().map(|table| format!("UPDATE on {table}")).collect();
            assert_eq!(forbidden, each);
        });
    }
}
