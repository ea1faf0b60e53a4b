//! What [`UserRepository::erase`] leaves: nothing of the account, everything of others, and exact counters.

use std::sync::Arc;
use std::time::Duration;

use ::posts::ports::{Change, CommentRepository, NewPost, PostRepository};
use accounts::Session;
use accounts::ports::{
    EraseUser, InsertUser, KeptName, KeptNameRepository, NameHash, NameHashes, OpenSession, SessionRepository,
    UserRepository,
};
use domain::{CommentBody, PostId, Timestamp, User, UserId};
use testkit::{Engine, NOW, TestDatabase, a_post, a_user, acting, id, on_both_databases};

use crate::scene::{Scene, hash_of, request};
use crate::sessions::token;

/// Every column that refers to a row of `table`, by the foreign keys of the schema.
async fn references(s: &Scene, table: &str) -> Vec<(String, String)> {
    let sql = match s.db.engine() {
        Engine::Sqlite => format!(
            "SELECT tables.name || '.' || keys.\"from\" FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) \
             AS keys WHERE keys.\"table\" = '{table}' ORDER BY 1"
        ),
        Engine::Postgres => format!(
            "SELECT conrelid::regclass || '.' || attname FROM pg_constraint JOIN pg_attribute \
             ON attrelid = conrelid AND attnum = conkey[1] WHERE contype = 'f' AND confrelid = '{table}'::regclass \
             ORDER BY 1"
        ),
    };
    let columns = s.db.texts(&sql).await;
    assert!(columns.len() > 1, "{columns:?}");
    columns
        .iter()
        .map(|column| column.split_once('.').unwrap())
        .map(|(table, column)| (table.into(), column.into()))
        .collect()
}

/// The rows that refer to the row `id` of `table`, by column.
async fn referring(s: &Scene, table: &str, id: &str) -> Vec<(String, i64)> {
    let mut rows = Vec::new();
    for (table, column) in references(s, table).await {
        let count = s.db.scalar_i64(&format!("SELECT count(*) FROM {table} WHERE {column} = '{id}'")).await;
        rows.push((format!("{table}.{column}"), count));
    }
    rows
}

mod erase {
    use super::*;

    on_both_databases![
        removes_the_account_and_keeps_counters_exact,
        keeps_replies_of_others_below_deleted_comments,
        removes_threads_of_marks,
        frees_the_name,
        reserves_the_name_until_a_time,
        reserves_the_name_against_a_waiting_sign_up,
        purges_free_names,
        finds_nobody,
        leaves_no_rows_when_all_accounts_are_erased,
    ];

    /// Three users who like, bookmark, follow and answer each other everywhere.
    async fn lively(s: &Scene) -> [UserId; 3] {
        let all = [s.user("ada").await, s.user("bob").await, s.user("cyd").await];
        for (index, author) in all.into_iter().enumerate() {
            let post = s.post(&format!("post{index}"), author).await;
            let key = NewPost { id: id(&format!("keyed{index}")), ..a_post("keyed", author).build() };
            s.posts.publish(&key, Some(&request("key", 1, NOW))).await.unwrap();
            let id = id(&format!("session{index}"));
            let session = Session { id, user_id: author, created_at: NOW, user_agent: None };
            let token = token(u8::try_from(index).unwrap(), NOW);
            assert_eq!(
                s.sessions.open(&session, &token, &s.verified(author).await.into()).await.unwrap(),
                OpenSession::Opened
            );
            // A thread with two comments of each author, and one comment of each beside it.
            let mut parent = None;
            for (depth, commenter) in all.into_iter().cycle().skip(index).take(6).enumerate() {
                let word = format!("deep{index}{depth}");
                let comment = match parent {
                    None => s.comment(&word, post, commenter).await,
                    Some(parent) => s.reply(&word, parent, post, commenter).await,
                };
                parent = Some(comment);
                s.comment(&format!("flat{index}{depth}"), post, commenter).await;
                for user in all {
                    s.like_comment(comment, user).await;
                }
            }
            for user in all {
                s.like_post(post, user).await;
                s.bookmark(post, user).await;
                if user != author {
                    s.follow(user, author).await;
                }
            }
        }
        s.db.assert_counters_exact().await;
        all
    }

    async fn assert_gone(s: &Scene, user: UserId) {
        assert_eq!(s.db.scalar_i64(&format!("SELECT count(*) FROM users WHERE id = '{user}'")).await, 0);
        for (column, left) in referring(s, "users", user.as_str()).await {
            assert_eq!(left, 0, "{column}");
        }
        let orphans = "SELECT count(*) FROM refresh_tokens WHERE session_id NOT IN (SELECT id FROM sessions)";
        assert_eq!(s.db.scalar_i64(orphans).await, 0);
    }

    /// A cascade would remove any number of rows in one transaction. So each kind of row has a slice of its own: without
    /// cascades, the removal of an account and of a post still succeeds. A violated foreign key names the table without
    /// one: see `erasure.rs` and `thread_removal.rs` of the repositories.
    #[test]
    fn leaves_nothing_to_cascades() {
        testkit::run(Engine::Postgres, async |_: TestDatabase| {
            let db = TestDatabase::without_tables(Engine::Postgres).await;
            persistence::migrate(&db.database()).await.unwrap();
            let s = Scene::from(db);
            let to_restrict = "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname || ', ADD ' \
                               || replace(pg_get_constraintdef(oid), 'ON DELETE CASCADE', '') \
                               FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c' \
                               AND confrelid IN ('users'::regclass, 'posts'::regclass)";
            for alteration in s.db.texts(to_restrict).await {
                s.db.execute(&alteration).await;
            }
            let [ada, bob, _] = lively(&s).await;
            let post =
                s.db.texts(&format!("SELECT id FROM posts WHERE author_id = '{ada}' AND comment_count > 0")).await;
            for (table, id) in [("users", bob.as_str()), ("posts", &post[0])] {
                for (column, rows) in referring(&s, table, id).await {
                    assert!(rows > 0, "no row in {column}: let `lively` store one");
                }
            }
            s.delete_post(ada, PostId::parse(&post[0]).unwrap()).await;
            assert_eq!(s.erase(bob).await, EraseUser::Erased);
            assert_gone(&s, bob).await;
            assert_eq!((s.db.count("removals").await, s.db.count("users").await), (0, 2));
        });
    }

    async fn removes_the_account_and_keeps_counters_exact(s: Scene) {
        let [ada, bob, cyd] = lively(&s).await;
        assert_eq!(s.erase(bob).await, EraseUser::Erased);
        assert_gone(&s, bob).await;
        s.db.assert_counters_exact().await;
        for other in [ada, cyd] {
            let user = s.find_user(other).await.unwrap();
            assert_eq!((user.post_count, user.follower_count, user.following_count), (2, 1, 1));
        }
        assert_eq!(s.db.count("posts").await, 4);
        // For each of the two remaining users: the session of `sign_in`, and another.
        assert_eq!((s.db.count("sessions").await, s.db.count("ended_sessions").await), (4, 2));
        // On each of the two remaining posts, each of the others left four comments, half of them in a thread.
        assert_eq!(s.db.scalar_i64("SELECT count(*) FROM comments WHERE author_id IS NOT NULL").await, 16);
        assert_eq!(s.db.scalar_i64("SELECT CAST(sum(like_count) AS BIGINT) FROM posts").await, 4);
        assert_eq!(s.db.count("bookmarks").await, 4);
    }

    async fn keeps_replies_of_others_below_deleted_comments(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, bob).await;
        let reply = s.reply("reply", top, post, ada).await;
        let leaf = s.reply("leaf", reply, post, bob).await;
        s.erase(bob).await;
        assert_eq!(s.find_comment(top).await.unwrap().body, CommentBody::Deleted);
        assert_eq!(s.find_comment(reply).await.unwrap().author().unwrap().id, ada);
        assert_eq!(s.find_comment(leaf).await, None);
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 1);
        s.db.assert_counters_exact().await;
        assert_eq!(s.comments.delete(reply, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        assert_eq!(s.db.count("comments").await, 0, "the silent parent went with its last reply");
    }

    async fn removes_threads_of_marks(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        let middle = s.reply("middle", top, post, bob).await;
        s.reply("leaf", middle, post, bob).await;
        assert_eq!(s.comments.delete(top, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        s.erase(bob).await;
        assert_eq!(s.db.count("comments").await, 0);
        s.db.assert_counters_exact().await;
    }

    async fn frees_the_name(s: Scene) {
        let ada = s.user("ada").await;
        s.erase(ada).await;
        s.account("ada").await;
        assert_eq!(s.users.find_credentials(&ada.into()).await.unwrap().unwrap().password, hash_of("ada"));
    }

    fn names(byte: u8) -> NameHashes {
        NameHashes { current: NameHash([byte; 32]), older: vec![NameHash([byte + 1; 32])] }
    }

    async fn sign_up_as_ada(s: &Scene, at: Timestamp, names: &NameHashes) -> InsertUser {
        let new = User { id: testkit::id("another"), ..a_user("ada").at(at).build() };
        s.users.insert(&new, &hash_of("another"), names).await.unwrap()
    }

    async fn reserves_the_name_until_a_time(s: Scene) {
        let ada = s.user("ada").await;
        let until = NOW.after(Duration::from_hours(24 * 30));
        let kept = KeptName { hash: names(1).current, until };
        assert_eq!(s.users.erase(acting(ada), &hash_of("ada").into(), &kept).await.unwrap(), EraseUser::Erased);
        s.remove_hidden().await;

        let just_before = until.before(Duration::from_micros(1));
        assert_eq!(sign_up_as_ada(&s, just_before, &names(1)).await, InsertUser::UsernameTaken);
        // The key of the hashes was changed meanwhile.
        let renamed = NameHashes { current: NameHash([9; 32]), older: vec![NameHash([8; 32]), names(1).current] };
        assert_eq!(sign_up_as_ada(&s, just_before, &renamed).await, InsertUser::UsernameTaken);
        assert_eq!(s.db.count("users").await, 0);
        assert_eq!(sign_up_as_ada(&s, until, &names(1)).await, InsertUser::Created);
        // Again, while the row of the first erasure still exists.
        let later = KeptName { until: until.after(Duration::from_hours(1)), ..kept };
        let another = testkit::id("another");
        s.db.sign_in(another).await;
        assert_eq!(
            s.users.erase(acting(another), &hash_of("another").into(), &later).await.unwrap(),
            EraseUser::Erased
        );
        s.remove_hidden().await;
        assert_eq!(sign_up_as_ada(&s, until, &names(1)).await, InsertUser::UsernameTaken);
    }

    async fn reserves_the_name_against_a_waiting_sign_up(s: Scene) {
        let s = Arc::new(s);
        for _ in 0..20 {
            let ada = s.user("ada").await;
            let kept = KeptName { hash: names(1).current, until: NOW.after(Duration::from_hours(1)) };
            let erasing = {
                let s = Arc::clone(&s);
                tokio::spawn(async move { s.users.erase(acting(ada), &hash_of("ada").into(), &kept).await.unwrap() })
            };
            let waiting = {
                let s = Arc::clone(&s);
                tokio::spawn(async move { sign_up_as_ada(&s, NOW, &names(1)).await })
            };
            assert_eq!(erasing.await.unwrap(), EraseUser::Erased);
            assert_eq!(waiting.await.unwrap(), InsertUser::UsernameTaken);
            s.remove_hidden().await;
            s.kept_names.purge(kept.until).await.unwrap();
            // The next round has the same account and session again.
            s.db.execute("DELETE FROM ended_sessions").await;
        }
    }

    async fn purges_free_names(s: Scene) {
        for (number, name) in [(0_u8, "ada"), (1, "bob")] {
            let user = s.user(name).await;
            let until = NOW.after(Duration::from_secs(number.into()));
            let kept = KeptName { hash: NameHash([number; 32]), until };
            s.users.erase(acting(user), &hash_of(name).into(), &kept).await.unwrap();
        }
        assert_eq!(s.kept_names.purge(NOW).await.unwrap(), 1);
        assert_eq!(s.db.count("kept_names").await, 1);
    }

    async fn finds_nobody(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.erase(id("nobody")).await, EraseUser::SessionEnded);
        assert_eq!(s.erase(ada).await, EraseUser::Erased);
        assert_eq!(s.erase(ada).await, EraseUser::SessionEnded);
    }

    async fn leaves_no_rows_when_all_accounts_are_erased(s: Scene) {
        for user in lively(&s).await {
            assert_eq!(s.erase(user).await, EraseUser::Erased);
            s.db.assert_counters_exact().await;
        }
        for table in [
            "users",
            "sessions",
            "refresh_tokens",
            "posts",
            "post_likes",
            "bookmarks",
            "comments",
            "comment_likes",
            "follows",
            "idempotency_keys",
        ] {
            assert_eq!(s.db.count(table).await, 0, "{table}");
        }
    }
}
