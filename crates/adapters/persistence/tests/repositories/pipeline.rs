//! Pipelined reads of PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ::posts::ports::PostRepository;
use accounts::ports::UserRepository;
use database::{Database, DatabaseOptions, Location, Way};
use domain::PostId;
use futures_util::future::join_all;
use persistence::{SeaPostRepository, SeaUserRepository};
use resilience::Caller;
use resilience::caller::scope;
use sea_orm::TransactionTrait;
use testkit::{Engine, StatementLog};

use crate::scene::{Scene, first_page};

/// More readers than all connections carry at a time.
const READERS: usize = 400;

fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Scene) -> F) {
    testkit::run(Engine::Postgres, test);
}

async fn posts(s: &Scene, count: usize) -> Vec<PostId> {
    let ada = s.user("ada").await;
    let mut posts = Vec::new();
    for number in 0..count {
        posts.push(s.post(&format!("post{number}"), ada).await);
    }
    posts
}

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Another instance on the same database, and its posts.
async fn instance(s: &Scene, options: impl FnOnce(&mut DatabaseOptions)) -> (Database, SeaPostRepository) {
    let mut its = DatabaseOptions { read_wait: PATIENCE, ..DatabaseOptions::new(s.db.location()) };
    options(&mut its);
    let database = Database::connect(&its).await.unwrap();
    (database.clone(), SeaPostRepository::new(database))
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn pipelined(database: &Database) {
    until("a pipelined connection", || database.servers()[0].pipelined > 0).await;
}

#[test]
fn takes_reads_and_leaves_writes_to_the_pool() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        assert!(s.db.log().statements().iter().all(|statement| statement.way == Way::Pool));
        s.db.log().clear();
        s.posts.find(post, None).await.unwrap().unwrap();
        s.posts.list_likes(post, first_page(), None).await.unwrap().unwrap();
        s.verified(testkit::id("ada")).await;
        let ways: Vec<_> = s.db.log().statements().iter().map(|statement| statement.way).collect();
        assert_eq!(ways, [Way::Pipeline; 4]);
    });
}

#[test]
fn gives_each_reader_its_own_rows() {
    on_postgres(async |s| {
        let posts = posts(&s, 20).await;
        s.db.log().clear();
        join_all((0..READERS).map(|reader| {
            let (s, post) = (&s, posts[reader % posts.len()]);
            async move { assert_eq!(s.posts.find(post, None).await.unwrap().unwrap().subject.id, post) }
        }))
        .await;
        let ways: Vec<_> = s.db.log().statements().iter().map(|statement| statement.way).collect();
        assert_eq!(ways.len(), READERS);
        assert!(ways.contains(&Way::Pipeline));
    });
}

#[test]
fn reads_survive_broken_connections() {
    on_postgres(async |s| {
        let posts = posts(&s, 5).await;
        let database = s.db.database();
        let (reads, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let read_on = async {
            while !is_over.load(Ordering::Relaxed) {
                for post in &posts {
                    s.posts.find(*post, None).await.unwrap().unwrap();
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let terminate = async {
            for _ in 0..5 {
                pipelined(&database).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                let its = "datname = current_database() AND application_name = 'thoughts-reads'";
                s.db.rows(&format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {its}")).await;
            }
            is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(read_on, terminate);
        assert!(reads.into_inner() > 100);
        pipelined(&database).await;
        s.db.log().clear();
        s.posts.find(posts[0], None).await.unwrap().unwrap();
        assert_eq!(s.db.log().statements()[0].way, Way::Pipeline);
    });
}

#[test]
fn leaves_reads_to_the_pool_where_it_cannot_connect() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        let url = format!("{}?sslmode=disable&sslcert=none.pem&sslkey=none.pem", s.db.url());
        let (database, posts) = instance(&s, |its| its.location = Location::parse(&url).unwrap()).await;
        assert!(posts.find(post, None).await.unwrap().is_some());
        assert_eq!(database.servers()[0].pipelined, 0);
        let (database, posts) = instance(&s, |its| its.max_connections = 7).await;
        assert!(posts.find(post, None).await.unwrap().is_some());
        assert_eq!(database.servers()[0].pipelined, 0);
    });
}

#[test]
fn respects_the_limit_on_connections() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        let (database, posts) = instance(&s, |its| its.max_connections = 8).await;
        join_all((0..READERS).map(|_| posts.find(post, None))).await;
        until("both connections", || database.servers()[0].pipelined == 2).await;
        join_all((0..READERS).map(|_| posts.find(post, None))).await;
        let server = &database.servers()[0];
        assert!(server.connections + server.pipelined <= 8);
        database.close().await.unwrap();
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'thoughts-reads' \
                    AND datname = current_database() AND backend_start > now() - interval '1 minute'";
        let of_the_scene = i64::from(s.db.database().servers()[0].pipelined);
        let begun = Instant::now();
        while s.db.scalar_i64(left).await > of_the_scene {
            assert!(begun.elapsed() < Duration::from_secs(30), "connections are left");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(posts.find(post, None).await.unwrap_err().is_unavailable());
    });
}

#[test]
fn keeps_the_statement_timeout() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        let limit = Duration::from_millis(200);
        let (database, posts) = instance(&s, |its| its.statement_timeout = Some(limit)).await;
        pipelined(&database).await;
        let lock = locked(&s).await;
        let begun = Instant::now();
        let error = posts.find(post, None).await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        lock.rollback().await.unwrap();
        assert!(posts.find(post, None).await.unwrap().is_some());
    });
}

#[test]
fn cancelled_readers_do_not_disturb_others() {
    on_postgres(async |s| {
        let posts = posts(&s, 5).await;
        let lock = locked(&s).await;
        let patience = Duration::from_millis(100);
        let given_up =
            join_all(posts.iter().map(|post| tokio::time::timeout(patience, s.posts.find(*post, None)))).await;
        assert!(given_up.iter().all(Result::is_err));
        lock.rollback().await.unwrap();
        for post in &posts {
            assert_eq!(s.posts.find(*post, None).await.unwrap().unwrap().subject.id, *post);
        }
    });
}

#[test]
fn avoids_a_connection_blocked_by_a_cancelled_read() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        let (database, posts) = instance(&s, |its| its.max_connections = 8).await;
        until("two pipelined connections", || database.servers()[0].pipelined == 2).await;
        let users = SeaUserRepository::new(database);
        let lock = locked(&s).await;
        let given_up = tokio::time::timeout(Duration::from_millis(100), posts.find(post, None)).await;
        assert!(given_up.is_err());
        for _ in 0..5 {
            let found =
                tokio::time::timeout(Duration::from_secs(2), users.find(&testkit::id("ada").into(), None)).await;
            assert!(found.expect("another connection answers").unwrap().is_some());
        }
        lock.rollback().await.unwrap();
        assert!(posts.find(post, None).await.unwrap().is_some());
    });
}

#[test]
fn a_caller_with_slow_reads_leaves_connections_to_others() {
    on_postgres(async |s| {
        let post = posts(&s, 1).await[0];
        let log = Arc::new(StatementLog::default());
        let (database, slow) = instance(&s, |its| {
            its.observer = Some(Arc::clone(&log) as _);
            // Statements and lock waits must not time out meanwhile.
            its.statement_timeout = None;
        })
        .await;
        until("all pipelined connections", || database.servers()[0].pipelined == 5).await;
        let (slow, users) = (Arc::new(slow), SeaUserRepository::new(database));
        let lock = locked(&s).await;
        let hostile = |_| tokio::spawn(scope(Caller::of(&"hostile"), find(slow.clone(), post)));
        let mut held: Vec<_> = (0..12).map(hostile).collect();
        let others = async || {
            let ada = testkit::id("ada").into();
            let found = scope(Caller::of(&"somebody else"), users.find(&ada, None)).await;
            assert!(found.unwrap().is_some());
            log.statements().last().map(|statement| statement.way)
        };
        // Until the pipelined connections count as stuck.
        let begun = Instant::now();
        while others().await != Some(Way::Pool) {
            assert!(begun.elapsed() < PATIENCE, "reads are held up by those of somebody else");
        }
        // The other hostile reads go to the pool.
        held.extend((0..24).map(hostile));
        tokio::task::yield_now().await;
        for _ in 0..20 {
            assert_eq!(others().await, Some(Way::Pool));
        }
        assert!(held.iter().all(|read| !read.is_finished()));
        lock.rollback().await.unwrap();
        for read in held {
            assert!(read.await.unwrap());
        }
    });
}

/// Whether a post is found.
async fn find(posts: Arc<SeaPostRepository>, post: PostId) -> bool {
    posts.find(post, None).await.unwrap().is_some()
}

/// A transaction that blocks all readers of posts.
async fn locked(s: &Scene) -> sea_orm::DatabaseTransaction {
    let lock = s.db.sql().begin().await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&lock, "LOCK TABLE posts").await.unwrap();
    lock
}
