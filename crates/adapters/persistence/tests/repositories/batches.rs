//! Batches: each write gets its own outcome, and the counters are exact.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ::posts::ports::{AddCommentOutcome, CommentRepository, Like, PostRepository, Unlike, Write};
use database::{Database, DatabaseOptions};
use domain::{PostId, UserId};
use futures_util::future::join_all;
use persistence::SeaPostRepository;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use testkit::{Engine, NOW, a_comment, a_post, acting, id, on_both_databases};

use crate::scene::Scene;

on_both_databases![
    concurrent_posts_are_all_stored,
    comments_on_one_post_are_all_counted,
    the_last_action_on_a_like_holds,
    missing_rows_fail_their_own_writes_only,
    a_failing_write_fails_alone,
    concurrent_writes_share_transactions,
];

const MANY: usize = 200;

async fn users(s: &Scene, number: usize) -> Vec<UserId> {
    let mut users = Vec::new();
    for number in 0..number {
        users.push(s.user(&format!("user{number}")).await);
    }
    users
}

/// Runs all `writes` at once, in tasks of their own.
async fn at_once<T: Send + 'static>(
    writes: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = writes.into_iter().map(tokio::spawn).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

async fn concurrent_posts_are_all_stored(s: Scene) {
    let s = Arc::new(s);
    let authors = users(&s, 5).await;
    let outcomes = at_once((0..MANY).map(|number| {
        let (s, author) = (Arc::clone(&s), authors[number % authors.len()]);
        async move {
            let post = a_post(&format!("post{number}"), author).says(&format!("words \"{number}\" é\n🦀")).build();
            (post.clone(), s.posts.publish(&post, None).await.unwrap())
        }
    }))
    .await;
    for (asked, outcome) in outcomes {
        let Write::Stored(stored) = outcome else { panic!("{outcome:?}") };
        assert_eq!((stored.id, &stored.content, stored.author.id), (asked.id, &asked.content, asked.author_id));
        assert_eq!(s.find_post(asked.id).await, Some(stored));
    }
    for author in authors {
        assert_eq!(s.find_user(author).await.unwrap().post_count, (MANY / 5) as u64);
    }
    s.db.assert_counters_exact().await;
}

async fn comments_on_one_post_are_all_counted(s: Scene) {
    let s = Arc::new(s);
    let authors = users(&s, 7).await;
    let hot = s.post("hot", authors[0]).await;
    let outcomes = at_once((0..MANY).map(|number| {
        let (s, author) = (Arc::clone(&s), authors[number % authors.len()]);
        async move {
            let comment = a_comment(&format!("comment{number}"), hot, author).build();
            s.comments.add(&comment, None).await.unwrap()
        }
    }))
    .await;
    let mut ids = HashSet::new();
    for outcome in outcomes {
        let AddCommentOutcome::Write(Write::Stored(comment)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(s.find_comment(comment.id).await, Some(comment.clone()));
        ids.insert(comment.id);
    }
    assert_eq!((ids.len(), s.find_post(hot).await.unwrap().comment_count), (MANY, MANY as u64));
    s.db.assert_counters_exact().await;
}

/// Users like and unlike a few posts. Each user's actions are sequential, and the last one holds.
async fn the_last_action_on_a_like_holds(s: Scene) {
    let s = Arc::new(s);
    let likers = users(&s, 24).await;
    let mut posts = Vec::new();
    for number in 0..3 {
        posts.push(s.post(&format!("post{number}"), likers[0]).await);
    }
    let posts: Arc<[PostId]> = posts.into();
    let last_wishes = at_once((0_u64..).zip(&likers).map(|(seed, liker)| {
        let (s, posts, liker) = (Arc::clone(&s), Arc::clone(&posts), *liker);
        async move {
            let mut random = StdRng::seed_from_u64(seed);
            let mut likes = vec![false; posts.len()];
            for _ in 0..20 {
                let (number, gives) = (random.random_range(0..posts.len()), random.random_bool(0.5));
                // The outcome follows from the user's previous action, though others like and unlike the same posts.
                if gives {
                    let expected = if likes[number] { Like::Already } else { Like::Given };
                    assert_eq!(s.posts.like(posts[number], acting(liker), NOW).await.unwrap(), expected);
                } else {
                    let expected = if likes[number] { Unlike::TakenBack } else { Unlike::Nothing };
                    assert_eq!(s.posts.unlike(posts[number], acting(liker)).await.unwrap(), expected);
                }
                likes[number] = gives;
            }
            likes
        }
    }))
    .await;
    for (number, post) in posts.iter().enumerate() {
        let likes = last_wishes.iter().filter(|likes| likes[number]).count();
        assert_eq!(s.find_post(*post).await.unwrap().like_count, likes as u64);
    }
    s.db.assert_counters_exact().await;
}

async fn missing_rows_fail_their_own_writes_only(s: Scene) {
    let s = Arc::new(s);
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let here = s.post("here", ada).await;
    s.erase(bob).await;
    let gone: PostId = id("gone");
    let outcomes = at_once((0..60).map(|number| {
        let s = Arc::clone(&s);
        let author = if number % 3 == 0 { bob } else { ada };
        let on = if number % 2 == 0 { gone } else { here };
        async move {
            let comment = a_comment(&format!("comment{number}"), on, author).build();
            let post = a_post(&format!("post{number}"), author).build();
            let added = s.comments.add(&comment, None).await.unwrap();
            (
                author,
                on,
                added,
                s.posts.publish(&post, None).await.unwrap(),
                s.posts.like(on, acting(author), NOW).await.unwrap(),
            )
        }
    }))
    .await;
    for (author, on, added, published, liked) in outcomes {
        if author == bob {
            assert!(matches!(added, AddCommentOutcome::Write(Write::SessionEnded)), "{added:?}");
            assert_eq!((published, liked), (Write::SessionEnded, Like::SessionEnded));
        } else if on == gone {
            assert_eq!((added, liked), (AddCommentOutcome::PostNotFound, Like::NotFound));
        } else {
            assert!(matches!(added, AddCommentOutcome::Write(Write::Stored(_))), "{added:?}");
            assert!(matches!(liked, Like::Given | Like::Already));
        }
    }
    s.db.assert_counters_exact().await;
}

/// A duplicate id cannot be caused by a client. Other writes of its batch must not fail with it.
async fn a_failing_write_fails_alone(s: Scene) {
    let s = Arc::new(s);
    let ada = s.user("ada").await;
    let taken = a_post("taken", ada).build();
    s.posts.publish(&taken, None).await.unwrap();
    let outcomes = at_once((0..50).map(|number| {
        let s = Arc::clone(&s);
        let post = if number == 25 { taken.clone() } else { a_post(&format!("post{number}"), ada).build() };
        async move { s.posts.publish(&post, None).await.is_ok() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|done| !**done).count(), 1);
    assert!(!outcomes[25]);
    assert_eq!(s.find_user(ada).await.unwrap().post_count, 50);
    s.db.assert_counters_exact().await;
}

async fn concurrent_writes_share_transactions(s: Scene) {
    let s = Arc::new(s);
    let ada = s.user("ada").await;
    s.db.log().clear();
    at_once((0..MANY).map(|number| {
        let s = Arc::clone(&s);
        async move { s.post(&format!("post{number}"), ada).await }
    }))
    .await;
    let transactions = s.db.log().transactions();
    assert!((1..=MANY / 8).contains(&transactions), "{transactions} for {MANY} posts");
}

/// A post is locked for longer than any write waits. Likes of other posts go on.
#[test]
fn a_locked_row_delays_only_its_own_writes() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let s = Arc::new(s);
        let likers = users(&s, 40).await;
        let (held, free) = (s.post("held", likers[0]).await, s.post("free", likers[0]).await);
        let lock = s.db.sql().begin().await.unwrap();
        lock.execute_unprepared(&format!("SELECT id FROM posts WHERE id = '{held}' FOR UPDATE")).await.unwrap();
        let likes: Vec<_> = (likers.iter().copied())
            .map(|liker| {
                let s = Arc::clone(&s);
                async move { s.posts.like(held, acting(liker), NOW).await }
            })
            .collect();
        let of_held = tokio::spawn(at_once(likes));
        // Likes of the free post arrive between and after those of the locked one.
        for liker in likers {
            let liked = tokio::time::timeout(Duration::from_secs(2), s.posts.like(free, acting(liker), NOW)).await;
            assert_eq!(liked.expect("this post is not locked").unwrap(), Like::Given);
        }
        lock.rollback().await.unwrap();
        for outcome in of_held.await.unwrap() {
            assert!(outcome.is_ok_and(|like| like == Like::Given));
        }
        s.db.assert_counters_exact().await;
    });
}

/// Two instances like and unlike the same posts.
#[test]
fn two_instances_count_the_same_likes_once() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let s = Arc::new(s);
        let other = Database::connect(&DatabaseOptions::new(s.db.location())).await.unwrap();
        let other = Arc::new(SeaPostRepository::new(other));
        let likers = users(&s, 8).await;
        let posts = [s.post("one", likers[0]).await, s.post("other", likers[0]).await];
        at_once((0..MANY).flat_map(|number| {
            let (liker, post) = (likers[number % likers.len()], posts[number % posts.len()]);
            [true, false].map(|here| {
                let (s, other) = (Arc::clone(&s), Arc::clone(&other));
                async move {
                    let posts = if here { &s.posts } else { &*other };
                    if number % 3 == 0 {
                        let unliked = posts.unlike(post, acting(liker)).await.unwrap();
                        assert!(matches!(unliked, Unlike::TakenBack | Unlike::Nothing));
                    } else {
                        let liked = posts.like(post, acting(liker), NOW).await.unwrap();
                        assert!(matches!(liked, Like::Given | Like::Already));
                    }
                }
            })
        }))
        .await;
        s.db.assert_counters_exact().await;
    });
}

#[test]
fn a_batch_is_one_statement_on_postgres() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        s.db.log().clear();
        s.post("new", ada).await;
        s.comment("new", post, ada).await;
        s.like_post(post, ada).await;
        s.posts.unlike(post, acting(ada)).await.unwrap();
        let log = s.db.log();
        assert_eq!((log.statements().len(), log.transactions()), (4, 4), "{:#?}", log.statements());
    });
}

/// A connection that is cut fails the writes of its batch, and no others. Acknowledged writes are stored.
#[test]
fn a_cut_connection_fails_only_its_batch() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let s = Arc::new(s);
        let ada = s.user("ada").await;
        let lock = s.db.sql().begin().await.unwrap();
        lock.execute_unprepared("SELECT id FROM users FOR UPDATE").await.unwrap();
        let writes: Vec<_> = (0..MANY)
            .map(|number| {
                let s = Arc::clone(&s);
                async move {
                    let post = a_post(&format!("post{number}"), ada).build();
                    (post.id, s.posts.publish(&post, None).await)
                }
            })
            .collect();
        let writers = tokio::spawn(at_once(writes));
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH patience%'";
        let cut = Statement::from_string(DbBackend::Postgres, cut);
        let cut_off = async {
            while lock.query_all_raw(cut.clone()).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
                // A transaction keeps the first snapshot of the statistics.
                lock.execute_unprepared("SELECT pg_stat_clear_snapshot()").await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), cut_off).await.expect("a batch waits for the lock");
        lock.rollback().await.unwrap();
        let outcomes = writers.await.unwrap();
        let (done, failed): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, outcome)| outcome.is_ok());
        assert!(!failed.is_empty() && failed.len() <= 64, "{} failed", failed.len());
        for (post, outcome) in failed {
            assert!(outcome.unwrap_err().is_unavailable());
            assert_eq!(s.find_post(post).await, None, "nothing had been committed");
        }
        for (post, _) in done {
            assert!(s.find_post(post).await.is_some());
        }
        s.db.assert_counters_exact().await;
    });
}
