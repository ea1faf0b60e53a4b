//! Writes that are not stored are never acknowledged, and later writes are stored.

use std::sync::Arc;

use ::posts::ports::{PostRepository, Write};
use database::StorageStatus;
use domain::{RepositoryError, UserId};
use futures_util::future::join_all;
use persistence::bulk::{BulkLoader, PostRow};
use testkit::{Engine, TestDatabase, a_post, on_both_databases};

use crate::scene::{Scene, request};

on_both_databases![writes_after_failed_ones_are_stored, loads_after_failed_ones_are_stored];

/// More writes than one batch has.
const AT_ONCE: usize = 100;

/// From now on posts cannot be stored. SQLite ends the transaction, and PostgreSQL fails with `code`: at the insert
/// or at the commit.
async fn refuse_posts(db: &TestDatabase, code: &str, at_commit: bool) {
    if db.engine() == Engine::Sqlite {
        return db
            .execute("CREATE TRIGGER refuse BEFORE INSERT ON posts BEGIN SELECT RAISE(ROLLBACK, 'no'); END")
            .await;
    }
    db.execute(&format!(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"
    ))
    .await;
    let when = if at_commit {
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON posts"
    };
    db.execute(&format!("{when} FOR EACH ROW EXECUTE FUNCTION refuse()")).await;
}

async fn accept_posts(db: &TestDatabase) {
    let on = if db.engine() == Engine::Sqlite { "" } else { " ON posts" };
    db.execute(&format!("DROP TRIGGER refuse{on}")).await;
}

/// A scene on a database of its own, as the test changes its tables, and a user who writes.
async fn scene(engine: Engine) -> (Arc<Scene>, UserId) {
    let db = TestDatabase::without_tables(engine).await;
    persistence::migrate(&db.database()).await.unwrap();
    let scene = Scene::from(db);
    let ada = scene.user("ada").await;
    (Arc::new(scene), ada)
}

async fn publish_at_once(
    s: &Arc<Scene>,
    author: UserId,
    name: &str,
) -> Vec<Result<Write<domain::Post>, RepositoryError>> {
    let publish = |number| {
        let (s, post) = (Arc::clone(s), a_post(&format!("{name}{number}"), author).at(s.now()).build());
        tokio::spawn(async move { s.posts.publish(&post, None).await })
    };
    join_all((0..AT_ONCE).map(publish)).await.into_iter().map(Result::unwrap).collect()
}

/// Posts that cannot be stored: one in a transaction of its own, one alone in a batch, and many in several batches.
async fn publish_failing(s: &Arc<Scene>, author: UserId) -> Vec<RepositoryError> {
    let mut errors = Vec::new();
    for number in 0..2 {
        let post = a_post(&format!("vain{number}"), author).at(s.now()).build();
        let key = request(&format!("key{number}"), 1, s.now());
        errors.push(s.posts.publish(&post, Some(&key)).await.unwrap_err());
        errors.push(s.posts.publish(&post, None).await.unwrap_err());
    }
    errors.extend(publish_at_once(s, author, "lost").await.into_iter().map(Result::unwrap_err));
    errors
}

async fn writes_after_failed_ones_are_stored(other: TestDatabase) {
    let (s, ada) = scene(other.engine()).await;
    let before = s.post("before", ada).await;
    for at_commit in [false, true] {
        refuse_posts(&s.db, "P0001", at_commit).await;
        publish_failing(&s, ada).await;
        accept_posts(&s.db).await;
    }
    assert_eq!(s.db.count("posts").await, 1);
    assert_eq!(s.db.count("idempotency_keys").await, 0);

    let after = s.post("after", ada).await;
    s.like_post(before, ada).await;
    s.comment("comment", after, ada).await;
    for outcome in publish_at_once(&s, ada, "kept").await {
        assert!(matches!(outcome.unwrap(), Write::Stored(_)));
    }
    // Counted by another client, which sees what a restart would find.
    assert_eq!(s.db.count("posts").await, 2 + i64::try_from(AT_ONCE).unwrap());
    assert_eq!((s.db.count("post_likes").await, s.db.count("comments").await), (1, 1));
    s.db.assert_counters_exact().await;
}

async fn loads_after_failed_ones_are_stored(other: TestDatabase) {
    let (s, ada) = scene(other.engine()).await;
    let loader = BulkLoader::new(s.db.database());
    let post = a_post("loaded", ada).build();
    let row = PostRow {
        id: post.id,
        author_id: ada,
        content: post.content,
        created_at: post.created_at,
        like_count: 0,
        comment_count: 0,
    };
    for at_commit in [false, true] {
        refuse_posts(&s.db, "P0001", at_commit).await;
        for _ in 0..2 {
            loader.posts(std::slice::from_ref(&row)).await.unwrap_err();
        }
        accept_posts(&s.db).await;
    }
    assert_eq!(loader.posts(&[row]).await.unwrap().added, 1);
    assert_eq!(s.db.count("posts").await, 1);
    loader.recount().await.unwrap();
    s.db.assert_counters_exact().await;
    loader.clear().await.unwrap();
    assert_eq!(s.db.count("users").await, 0);
}

mod on_postgres {
    use super::*;

    /// Every kind of write fails with the right error and sets the status, until a write is stored again.
    async fn fails_every_write(code: &str, status: StorageStatus) {
        let (s, ada) = scene(Engine::Postgres).await;
        for at_commit in [false, true] {
            refuse_posts(&s.db, code, at_commit).await;
            for error in publish_failing(&s, ada).await {
                assert!(error.is_unavailable(), "{error:?}");
                assert_eq!(error.failure == domain::Failure::StorageFull, status == StorageStatus::Full, "{error:?}");
            }
            assert_eq!(s.db.database().storage(), status);
            // Reads succeed meanwhile.
            s.db.database().ping().await.unwrap();
            assert!(s.find_user(ada).await.is_some());
            assert_eq!(s.db.database().storage(), status);
            accept_posts(&s.db).await;
            s.post(if at_commit { "second" } else { "first" }, ada).await;
            assert_eq!(s.db.database().storage(), StorageStatus::Sound);
        }
        assert_eq!(s.db.count("posts").await, 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disc_fails_every_write() {
        fails_every_write("53100", StorageStatus::Full).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failing_disc_fails_every_write() {
        fails_every_write("58030", StorageStatus::Failing).await;
    }
}
