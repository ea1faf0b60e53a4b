//! Column types that change under a running instance. PostgreSQL rejects every statement that was prepared before, on
//! every connection. Clients must not notice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ::posts::ports::{Change, Edit, PostRepository, Write};
use accounts::ports::UserRepository;
use database::{Database, DatabaseOptions, Way};
use domain::{Content, PostId, UserId};
use futures_util::future::join_all;
use persistence::{SeaPostRepository, SeaUserRepository};
use testkit::{Engine, NOW, StatementLog, TestDatabase, a_post, a_user, acting, id};

use crate::scene::{Scene, any_names, first_page, hash_of, request};

/// More statements at a time than there are connections.
const MANY: usize = 200;
const NARROW: &str = "ALTER TABLE posts ALTER COLUMN like_count TYPE integer;
                      ALTER TABLE users ALTER COLUMN display_name TYPE varchar(200)";
const WIDE: &str = "ALTER TABLE posts ALTER COLUMN like_count TYPE bigint;
                    ALTER TABLE users ALTER COLUMN display_name TYPE text";

/// Runs a test on a database whose schema it may change.
fn on_own_database(test: impl AsyncFnOnce(Scene)) {
    testkit::run(Engine::Postgres, async |_: TestDatabase| {
        let db = TestDatabase::without_tables(Engine::Postgres).await;
        persistence::migrate(&db.database()).await.unwrap();
        test(Scene::from(db)).await;
    });
}

async fn stored(s: &Scene) -> (UserId, PostId) {
    let ada = s.user("ada").await;
    let post = s.post("post", ada).await;
    s.like_post(post, ada).await;
    (ada, post)
}

/// Another instance with `max_connections`, and the log of its statements.
async fn instance(s: &Scene, max_connections: u32) -> (Database, SeaPostRepository, Arc<StatementLog>) {
    let log = Arc::new(StatementLog::default());
    let options = DatabaseOptions {
        max_connections,
        // Reconnecting takes time.
        read_wait: Duration::from_secs(30),
        observer: Some(Arc::clone(&log) as _),
        ..DatabaseOptions::new(s.db.location())
    };
    let database = Database::connect(&options).await.unwrap();
    (database.clone(), SeaPostRepository::new(database), log)
}

/// Reads a post and its author over all connections.
async fn read(posts: &SeaPostRepository, post: PostId, (name, likes): (&str, u64)) {
    join_all((0..MANY).map(|_| async {
        let found = posts.find(post, None).await.unwrap().unwrap();
        assert_eq!((found.subject.author.display_name.as_str(), found.subject.like_count), (name, likes));
        assert_eq!(
            posts.list_by_user(&id("ada").into(), first_page(), None).await.unwrap().unwrap().page.items.len(),
            1
        );
    }))
    .await;
}

/// The processes of PostgreSQL that serve this database.
async fn sessions(s: &Scene) -> BTreeSet<String> {
    let here = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database()";
    s.db.texts(here).await.into_iter().collect()
}

fn reasons(log: &StatementLog) -> BTreeSet<(&'static str, &'static str)> {
    log.retries().into_iter().collect()
}

#[test]
fn readers_notice_nothing() {
    on_own_database(async |s: Scene| {
        let (ada, post) = stored(&s).await;
        let name = s.find_user(ada).await.unwrap().display_name;
        let expected = (name.as_str(), 1);
        let (_pipelined, posts, log) = instance(&s, 20).await;
        let (_pool_alone, posts_over_pool, log_of_pool) = instance(&s, 7).await;
        // With the pipeline open.
        while !log.statements().iter().any(|statement| statement.way == Way::Pipeline) {
            read(&posts, post, expected).await;
        }
        for change in [NARROW, WIDE] {
            read(&posts, post, expected).await;
            read(&posts_over_pool, post, expected).await;
            log.clear();
            log_of_pool.clear();
            s.db.execute(change).await;
            read(&posts, post, expected).await;
            read(&posts_over_pool, post, expected).await;
            let ways: Vec<_> = log.statements().iter().map(|statement| statement.way).collect();
            assert!(ways.contains(&Way::Pipeline));
            for log in [&log, &log_of_pool] {
                let stale = BTreeSet::from([("posts.find", "stale_plan"), ("posts.list_by_user", "stale_plan")]);
                let found = reasons(log);
                assert!(found.contains(&("posts.find", "stale_plan")) && found.is_subset(&stale), "{found:?}");
            }
        }
    });
}

#[test]
fn writers_are_retried() {
    on_own_database(async |s: Scene| {
        let (ada, post) = stored(&s).await;
        let (_database, posts, log) = instance(&s, 8).await;
        let write = async |round: usize| {
            join_all((0..MANY / 4).map(|number| {
                let (posts, word) = (&posts, format!("p{round}n{number}"));
                async move {
                    let new = a_post(&word, ada).build();
                    assert!(matches!(posts.publish(&new, None).await.unwrap(), Write::Stored(_)));
                    let edit = Edit { content: Content::parse(&word).unwrap(), at: NOW, expected: None };
                    assert!(matches!(posts.edit(new.id, &edit, acting(ada)).await.unwrap(), Change::Changed(_)));
                    let once = a_post(&format!("o{word}"), ada).build();
                    let request = request(&word, 1, NOW);
                    assert!(matches!(posts.publish(&once, Some(&request)).await.unwrap(), Write::Stored(_)));
                }
            }))
            .await;
            // Sequentially: the pool hands out the connection that was idle for longest, so each is used.
            for number in 0..MANY / 10 {
                let new = a_post(&format!("q{round}n{number}"), ada).build();
                assert!(matches!(posts.publish(&new, None).await.unwrap(), Write::Stored(_)));
            }
        };
        write(0).await;
        log.clear();
        s.db.execute(NARROW).await;
        write(1).await;
        // The first rejection renews all connections.
        assert!(reasons(&log).contains(&("posts.publish", "stale_plan")), "{:?}", reasons(&log));
        log.clear();
        s.db.execute(WIDE).await;
        let edit = Edit { content: Content::parse("wide").unwrap(), at: NOW, expected: None };
        assert!(matches!(posts.edit(post, &edit, acting(ada)).await.unwrap(), Change::Changed(_)));
        assert_eq!(log.retries(), [("posts.edit", "stale_plan")]);
        write(2).await;
        assert!(posts.find(post, None).await.unwrap().is_some());
        s.db.assert_counters_exact().await;
    });
}

/// Like a pooler without support for prepared statements, or one that resets its sessions.
#[test]
fn statements_that_a_session_forgot_are_prepared_again() {
    on_own_database(async |s: Scene| {
        let (ada, post) = stored(&s).await;
        let (database, posts, log) = instance(&s, 1).await;
        let users = SeaUserRepository::new(database);
        posts.find(post, None).await.unwrap().unwrap();
        s.db.execute(
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN NULL; END $$;
             CREATE TRIGGER forget AFTER INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION forget()",
        )
        .await;
        users.insert(&a_user("bob").build(), &hash_of("bob"), &any_names()).await.unwrap();
        log.clear();
        assert!(posts.find(post, None).await.unwrap().is_some());
        assert_eq!(log.retries(), [("posts.find", "stale_plan")]);
        users.insert(&a_user("cyd").build(), &hash_of("cyd"), &any_names()).await.unwrap();
        log.clear();
        users.insert(&a_user("dan").build(), &hash_of("dan"), &any_names()).await.unwrap();
        assert_eq!(log.retries(), [("users.insert", "stale_plan")]);
        assert!(users.find(&ada.into(), None).await.unwrap().is_some());
    });
}

/// A statement that is wrong stays an error, and costs no connection.
#[test]
fn a_missing_column_is_not_retried() {
    on_own_database(async |s: Scene| {
        let (_, post) = stored(&s).await;
        let (database, posts, log) = instance(&s, 7).await;
        posts.find(post, None).await.unwrap().unwrap();
        s.db.execute("ALTER TABLE posts DROP COLUMN edited_at").await;
        log.clear();
        let before = sessions(&s).await;
        assert!(!posts.find(post, None).await.unwrap_err().is_unavailable());
        assert_eq!(log.retries(), []);
        // All earlier connections are still open. The prober may have opened one more.
        let after = sessions(&s).await;
        assert!(before.is_subset(&after), "{before:?} before, {after:?} after");
        database.close().await.unwrap();
    });
}
