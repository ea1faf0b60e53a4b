//! [`EndedSessions`]: which ends an instance learns of, and that a write in an ended session stores nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::posts::ports::{
    AddCommentOutcome, Change, CommentRepository, Like, NewComment, NewPost, PostRepository, Unlike, Write,
};
use accounts::ports::{CloseSession, EndedSessions, SessionRepository};
use database::{Database, DatabaseOptions, Location};
use domain::{Principal, SessionId, Timestamp, UserId};
use futures_util::future::join_all;
use persistence::SeaEndedSessions;
use sea_orm::{ConnectionTrait, TransactionTrait};
use social::ports::{Follow, FollowRepository};
use testkit::{NOW, Proxy, TestDatabase, a_comment, a_post, acting, id, on_both_databases};
use tokio::task::JoinHandle;

use crate::scene::{Scene, until_waiting};

/// Before every time in these tests.
const EVER: Timestamp = Timestamp::from_micros(0);

async fn end(s: &Scene, user: UserId) -> Principal {
    let by = acting(user);
    assert_eq!(s.sessions.close(by, by.session_id).await.unwrap(), CloseSession::Closed);
    by
}

mod learn {
    use super::*;

    on_both_databases![knows_ends_of_all_instances, forgets_ends_before_a_time, reads_each_end_once_and_misses_none,];

    async fn knows_ends_of_all_instances(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let elsewhere = SeaEndedSessions::new(s.db.database());
        elsewhere.learn(EVER).await.unwrap();
        let ended = end(&s, ada).await;
        assert!(!elsewhere.contains(ended.session_id), "it was not told yet");
        for instance in [&elsewhere, &SeaEndedSessions::new(s.db.database())] {
            instance.learn(EVER).await.unwrap();
            assert!(instance.contains(ended.session_id));
            assert!(!instance.contains(acting(bob).session_id));
        }
    }

    async fn forgets_ends_before_a_time(s: Scene) {
        let ada = s.user("ada").await;
        let ended = end(&s, ada).await;
        let at = s.db.scalar_i64("SELECT ended_at FROM ended_sessions").await;
        s.ended.learn(Timestamp::from_micros(at)).await.unwrap();
        assert!(s.ended.contains(ended.session_id));
        s.ended.learn(Timestamp::from_micros(at + 1)).await.unwrap();
        assert!(!s.ended.contains(ended.session_id));
    }

    async fn reads_each_end_once_and_misses_none(s: Scene) {
        for number in 0..20 {
            let user = s.user(&format!("user{number}")).await;
            let ended = end(&s, user).await;
            s.ended.learn(EVER).await.unwrap();
            assert!(s.ended.contains(ended.session_id), "{number}");
        }
        // Rows that were read are not read again: a deleted row is still known.
        s.db.execute("DELETE FROM ended_sessions").await;
        s.ended.learn(EVER).await.unwrap();
        assert!(s.ended.contains(acting(id("user0")).session_id));
    }
}

/// Rows become visible in the order of commits, not in the order of insertion.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_committed_late_is_not_missed() {
    let s = Scene::from(TestDatabase::postgres().await);
    let ada = s.user("ada").await;
    let late: SessionId = id("late");
    let slow = s.db.sql().begin().await.unwrap();
    slow.execute_unprepared(&format!("INSERT INTO ended_sessions (session_id) VALUES ('{late}')")).await.unwrap();
    let ended = end(&s, ada).await;
    s.ended.learn(EVER).await.unwrap();
    assert!(s.ended.contains(ended.session_id) && !s.ended.contains(late));
    slow.commit().await.unwrap();
    s.ended.learn(EVER).await.unwrap();
    assert!(s.ended.contains(late));
}

/// No session can be ended while the primary is lost, so the set stays valid.
#[tokio::test(flavor = "multi_thread")]
async fn known_ends_are_kept_while_the_database_is_lost() {
    let s = Scene::from(TestDatabase::postgres().await);
    let ada = s.user("ada").await;
    let ended = end(&s, ada).await;
    let (proxy, url) = Proxy::before(s.db.url()).await;
    let acquire_timeout = Duration::from_secs(3);
    let options = DatabaseOptions { acquire_timeout, ..DatabaseOptions::new(Location::parse(&url).unwrap()) };
    let instance = SeaEndedSessions::new(Database::connect(&options).await.unwrap());
    instance.learn(EVER).await.unwrap();
    proxy.cut();
    assert!(instance.learn(EVER).await.unwrap_err().is_unavailable());
    assert!(instance.contains(ended.session_id));

    // A replica that was behind becomes the primary: its transactions have lower numbers.
    let earlier: SessionId = id("earlier");
    let note = format!("INSERT INTO ended_sessions (position, session_id, ended_at) VALUES (1, '{earlier}', 1)");
    s.db.execute(&note).await;
    proxy.mend();
    let begun = Instant::now();
    while instance.learn(EVER).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(instance.contains(earlier));
}

mod writes {
    use super::*;

    on_both_databases![a_batch_stores_only_writes_of_live_sessions, a_like_that_was_given_stays];

    /// One of two sessions has ended. Concurrent writes in both share batches.
    async fn a_batch_stores_only_writes_of_live_sessions(s: Scene) {
        let s = Arc::new(s);
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let lost: SessionId = id("lost");
        s.db.execute(&format!("INSERT INTO sessions (id, user_id, created_at) VALUES ('{lost}', '{ada}', 0)")).await;
        assert_eq!(s.sessions.close(acting(ada), lost).await.unwrap(), CloseSession::Closed);

        let writes = (0..60).map(|number| {
            let s = Arc::clone(&s);
            let session_id = if number % 2 == 0 { lost } else { acting(ada).session_id };
            tokio::spawn(async move {
                let new = NewPost { session_id, ..a_post(&format!("post{number}"), ada).build() };
                let published = matches!(s.posts.publish(&new, None).await.unwrap(), Write::Stored(_));
                let new = NewComment { session_id, ..a_comment(&format!("comment{number}"), post, ada).build() };
                let added = s.comments.add(&new, None).await.unwrap();
                let added = matches!(added, AddCommentOutcome::Write(Write::Stored(_)));
                let liked = s.posts.like(post, Principal { user_id: ada, session_id }, NOW).await.unwrap();
                (session_id == lost, published, added, liked)
            })
        });
        for outcome in join_all(writes).await {
            match outcome.unwrap() {
                (true, published, added, liked) => {
                    assert_eq!((published, added, liked), (false, false, Like::SessionEnded));
                }
                (false, published, added, liked) => {
                    assert_eq!((published, added), (true, true));
                    assert!(matches!(liked, Like::Given | Like::Already));
                }
            }
        }
        assert_eq!((s.db.count("posts").await, s.db.count("comments").await), (31, 30));
        s.db.assert_counters_exact().await;
    }

    async fn a_like_that_was_given_stays(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        s.like_post(post, bob).await;
        let ended = end(&s, bob).await;
        assert_eq!(s.posts.unlike(post, ended).await.unwrap(), Unlike::SessionEnded);
        assert_eq!(s.find_post(post).await.unwrap().like_count, 1);
    }

    /// Each write begins before the session ends, and waits for a row lock. Its deciding statement begins after the
    /// end.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_that_waits_past_the_end_stores_nothing() {
        let s = Arc::new(Scene::from(TestDatabase::postgres().await));
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let comment = s.comment("comment", post, ada).await;
        let holder = s.db.sql().begin().await.unwrap();
        for (table, id) in [("users", ada.cuid()), ("users", bob.cuid()), ("posts", post.cuid())] {
            holder.execute_unprepared(&format!("SELECT id FROM {table} WHERE id = '{id}' FOR UPDATE")).await.unwrap();
        }
        let writes = [
            spawn(&s, async move |s| {
                let reply = a_comment("reply", post, ada).reply_to(comment).build();
                let outcome = s.comments.add(&reply, None).await.unwrap();
                outcome == AddCommentOutcome::Write(Write::SessionEnded)
            }),
            spawn(&s, async move |s| s.follows.follow(acting(ada), bob, NOW).await.unwrap() == Follow::SessionEnded),
            spawn(&s, async move |s| {
                s.comments.delete(comment, acting(ada), None).await.unwrap() == Change::SessionEnded
            }),
        ];
        until_waiting(&holder, 3).await;
        // Ending the session waits for none of the writes in it.
        end(&s, ada).await;
        holder.rollback().await.unwrap();
        let refused: Vec<bool> = join_all(writes).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(refused, [true; 3]);
        assert_eq!((s.db.count("posts").await, s.db.count("comments").await, s.db.count("follows").await), (1, 1, 0));
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 1);
        s.db.assert_counters_exact().await;
    }

    fn spawn<F>(s: &Arc<Scene>, write: impl FnOnce(Arc<Scene>) -> F) -> JoinHandle<bool>
    where
        F: Future<Output = bool> + Send + 'static,
    {
        tokio::spawn(write(Arc::clone(s)))
    }
}
