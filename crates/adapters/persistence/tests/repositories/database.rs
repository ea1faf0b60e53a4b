//! [`Database`] itself: its schema, and what it says when it is not there.

use std::time::Duration;

use accounts::ports::UserRepository;
use domain::PageRequest;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions, Location, SeaUserRepository};
use testkit::{Engine, TestDatabase, on_both_databases};

mod migrate {
    use super::*;

    on_both_databases![
        makes_the_schema_once,
        lets_many_instances_start_at_once,
        is_no_obstacle_for_an_instance_of_the_version_before,
    ];

    async fn is_no_obstacle_for_an_instance_of_the_version_before(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        db.database().migrate().await.unwrap();
        db.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99999999_000001_of_the_next', 1)")
            .await;
        assert!(db.database().is_migrated().await.unwrap());
    }

    async fn makes_the_schema_once(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        assert!(!db.database().is_migrated().await.unwrap());
        for _ in 0..2 {
            db.database().migrate().await.unwrap();
            assert!(db.database().is_migrated().await.unwrap());
        }
        assert_eq!(db.count("users").await, 0);
    }

    async fn lets_many_instances_start_at_once(other: TestDatabase) {
        let db = TestDatabase::without_tables(other.engine()).await;
        let instances = join_all((0..4).map(|_| {
            let options = DatabaseOptions { max_connections: 2, ..DatabaseOptions::new(db.location()) };
            tokio::spawn(async move {
                let instance = Database::connect(&options).await.unwrap();
                instance.migrate().await.unwrap();
                assert!(instance.is_migrated().await.unwrap());
            })
        }))
        .await;
        for instance in instances {
            instance.unwrap();
        }
    }
}

mod schema {
    use super::*;

    /// The form of address that Prisma writes, with another schema than the usual one.
    #[test]
    fn is_made_where_the_address_says() {
        testkit::run(Engine::Postgres, async |other: TestDatabase| {
            let db = TestDatabase::without_tables(other.engine()).await;
            let location = Location::parse(&format!("{}?schema=elsewhere", db.url())).unwrap();
            let instance = Database::connect(&DatabaseOptions::new(location)).await.unwrap();
            instance.migrate().await.unwrap();
            assert!(instance.is_migrated().await.unwrap());
            assert_eq!(db.count("elsewhere.users").await, 0);
            assert!(!db.database().is_migrated().await.unwrap());
            let users = SeaUserRepository::new(instance);
            assert_eq!(users.list(PageRequest::default(), None).await.unwrap().items, []);
        });
    }
}

mod ping {
    use super::*;

    on_both_databases![answers_while_the_database_does];

    async fn answers_while_the_database_does(db: TestDatabase) {
        db.database().ping().await.unwrap();
        db.database().close().await.unwrap();
        let error = db.database().ping().await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
}

mod connect {
    use super::*;

    #[tokio::test]
    async fn says_where_nobody_answers_and_not_the_password() {
        let location = Location::parse("postgresql://me:secret@127.0.0.1:1/thoughts").unwrap();
        let options = DatabaseOptions { acquire_timeout: Duration::from_secs(1), ..DatabaseOptions::new(location) };
        let Err(error) = Database::connect(&options).await else { panic!("somebody answered") };
        assert_eq!(error.to_string(), "cannot connect to PostgreSQL at 127.0.0.1:1/thoughts");
        assert!(!format!("{error:?}").contains("secret"));
    }
}
