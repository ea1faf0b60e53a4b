//! [`IdempotencyKeyRepository`], and the idempotency keys of writes.

use std::sync::Arc;
use std::time::Duration;

use ::posts::REPLAY_WINDOW;
use ::posts::ports::{
    AddCommentOutcome, CommentRepository, Edit, IdempotencyKeyRepository, NewPost, PostRepository, Write,
};
use accounts::ports::{ProfileChanges, UserRepository};
use domain::{Comment, CommentId, Content, DisplayName, Post, PostId, Timestamp, UserId};
use futures_util::future::join_all;
use testkit::{NOW, a_comment, a_post, acting, id, on_both_databases};

use crate::scene::{Scene, request};

const MOMENT: Duration = Duration::from_micros(1);

async fn rename(s: &Scene, user: UserId) {
    let display_name = Some(DisplayName::parse("Renamed").unwrap());
    let changes = ProfileChanges { display_name, ..ProfileChanges::default() };
    s.users.update(acting(user), &changes, None).await.unwrap();
}

fn new_words(at: Timestamp) -> Edit {
    Edit { content: Content::parse("new words").unwrap(), at, expected: None }
}

mod publish {
    use super::*;

    on_both_databases![
        replays_the_first_answer_after_later_changes,
        replays_it_after_the_post_was_deleted,
        rejects_a_key_of_another_request,
        keeps_the_keys_of_users_apart,
        forgets_a_key_after_a_day,
        keeps_no_key_of_a_failed_write,
        stores_one_of_32_concurrent_posts,
    ];

    async fn publish(s: &Scene, word: &str, author: UserId, attempt: u8, at: Timestamp) -> Write<Post> {
        let post = a_post(word, author).at(at).says("hello").build();
        s.posts.publish(&post, Some(&request("key", attempt, at))).await.unwrap()
    }

    fn stored(write: Write<Post>) -> Post {
        match write {
            Write::Stored(post) => post,
            other => panic!("not stored: {other:?}"),
        }
    }

    async fn replays_the_first_answer_after_later_changes(s: Scene) {
        let ada = s.user("ada").await;
        let first = stored(publish(&s, "first", ada, 1, NOW).await);
        rename(&s, ada).await;
        s.like_post(first.id, ada).await;
        s.posts.edit(first.id, &new_words(s.now()), acting(ada)).await.unwrap();
        assert_eq!(publish(&s, "again", ada, 1, NOW.after(MOMENT)).await, Write::Replayed(first));
        assert_eq!((s.db.count("posts").await, s.find_user(ada).await.unwrap().post_count), (1, 1));
    }

    async fn replays_it_after_the_post_was_deleted(s: Scene) {
        let ada = s.user("ada").await;
        let first = stored(publish(&s, "first", ada, 1, NOW).await);
        s.delete_post(ada, first.id).await;
        assert_eq!(publish(&s, "again", ada, 1, NOW).await, Write::Replayed(first));
        assert_eq!((s.db.count("posts").await, s.find_user(ada).await.unwrap().post_count), (0, 0));
    }

    async fn rejects_a_key_of_another_request(s: Scene) {
        let ada = s.user("ada").await;
        stored(publish(&s, "first", ada, 1, NOW).await);
        assert_eq!(publish(&s, "other", ada, 2, NOW).await, Write::KeyReused);
        assert_eq!((s.db.count("posts").await, s.find_user(ada).await.unwrap().post_count), (1, 1));
    }

    async fn keeps_the_keys_of_users_apart(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        stored(publish(&s, "first", ada, 1, NOW).await);
        stored(publish(&s, "second", bob, 2, NOW).await);
    }

    async fn forgets_a_key_after_a_day(s: Scene) {
        let ada = s.user("ada").await;
        let first = stored(publish(&s, "first", ada, 1, NOW).await);
        assert_eq!(publish(&s, "again", ada, 1, NOW.after(REPLAY_WINDOW)).await, Write::Replayed(first));
        let next_day = NOW.after(REPLAY_WINDOW).after(MOMENT);
        let second = stored(publish(&s, "second", ada, 2, next_day).await);
        assert_eq!(publish(&s, "again", ada, 2, next_day).await, Write::Replayed(second));
        assert_eq!(publish(&s, "again", ada, 1, next_day).await, Write::KeyReused);
        assert_eq!(s.db.count("idempotency_keys").await, 1);
    }

    async fn keeps_no_key_of_a_failed_write(s: Scene) {
        assert_eq!(publish(&s, "hello", id("nobody"), 1, NOW).await, Write::SessionEnded);
        assert_eq!(s.db.count("idempotency_keys").await, 0);
    }

    async fn stores_one_of_32_concurrent_posts(s: Scene) {
        let ada = s.user("ada").await;
        let s = Arc::new(s);
        let writes = join_all((0..32).map(|number| {
            let s = Arc::clone(&s);
            tokio::spawn(async move { publish(&s, &format!("number{number}"), ada, 1, NOW).await })
        }))
        .await;
        let writes: Vec<_> = writes.into_iter().map(Result::unwrap).collect();
        let first = writes.iter().find_map(|write| match write {
            Write::Stored(post) => Some(post.clone()),
            _ => None,
        });
        let first = first.unwrap();
        assert_eq!(writes.iter().filter(|write| matches!(write, Write::Stored(_))).count(), 1);
        assert_eq!(writes.iter().filter(|write| **write == Write::Replayed(first.clone())).count(), 31);
        assert_eq!((s.db.count("posts").await, s.find_user(ada).await.unwrap().post_count), (1, 1));
    }
}

mod add_comment {
    use super::*;

    on_both_databases![
        replays_the_first_answer_after_later_changes,
        replays_it_after_the_post_was_deleted,
        rejects_a_key_of_another_request,
        shares_its_keys_with_posts,
        keeps_no_key_of_a_failed_write,
        stores_one_of_32_concurrent_comments,
    ];

    struct Attempt<'a> {
        word: &'a str,
        post: PostId,
        parent: Option<CommentId>,
        author: UserId,
        fingerprint: u8,
    }

    async fn add(s: &Scene, attempt: Attempt<'_>) -> AddCommentOutcome {
        let comment = a_comment(attempt.word, attempt.post, attempt.author).says("hello");
        let comment = match attempt.parent {
            Some(parent) => comment.reply_to(parent),
            None => comment,
        };
        s.comments.add(&comment.build(), Some(&request("key", attempt.fingerprint, NOW))).await.unwrap()
    }

    fn stored(outcome: AddCommentOutcome) -> Comment {
        match outcome {
            AddCommentOutcome::Write(Write::Stored(comment)) => comment,
            other => panic!("not stored: {other:?}"),
        }
    }

    fn replayed(comment: Comment) -> AddCommentOutcome {
        AddCommentOutcome::Write(Write::Replayed(comment))
    }

    async fn replays_the_first_answer_after_later_changes(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let parent = s.comment("parent", post, ada).await;
        let attempt = |word| Attempt { word, post, parent: Some(parent), author: ada, fingerprint: 1 };
        let first = stored(add(&s, attempt("first")).await);
        rename(&s, ada).await;
        s.comments.edit(first.id, &new_words(s.now()), acting(ada)).await.unwrap();
        assert_eq!(add(&s, attempt("again")).await, replayed(first.clone()));
        s.comments.delete(first.id, acting(id("ada")), None).await.unwrap();
        s.comments.delete(parent, acting(id("ada")), None).await.unwrap();
        assert_eq!(add(&s, attempt("again")).await, replayed(first));
        assert_eq!(s.db.count("comments").await, 0);
        s.db.assert_counters_exact().await;
    }

    async fn replays_it_after_the_post_was_deleted(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let attempt = |word| Attempt { word, post, parent: None, author: ada, fingerprint: 1 };
        let first = stored(add(&s, attempt("first")).await);
        s.delete_post(ada, post).await;
        assert_eq!(add(&s, attempt("again")).await, replayed(first));
    }

    async fn rejects_a_key_of_another_request(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let attempt = |word, fingerprint| Attempt { word, post, parent: None, author: ada, fingerprint };
        stored(add(&s, attempt("first", 1)).await);
        assert_eq!(add(&s, attempt("other", 2)).await, AddCommentOutcome::Write(Write::KeyReused));
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 1);
    }

    async fn shares_its_keys_with_posts(s: Scene) {
        let ada = s.user("ada").await;
        let post: NewPost = a_post("post", ada).build();
        s.posts.publish(&post, Some(&request("key", 1, NOW))).await.unwrap();
        let attempt = Attempt { word: "first", post: post.id, parent: None, author: ada, fingerprint: 2 };
        assert_eq!(add(&s, attempt).await, AddCommentOutcome::Write(Write::KeyReused));
    }

    async fn keeps_no_key_of_a_failed_write(s: Scene) {
        let ada = s.user("ada").await;
        let (post, other) = (s.post("post", ada).await, s.post("other", ada).await);
        let parent = s.comment("parent", other, ada).await;
        let attempt = |post, parent, author| Attempt { word: "first", post, parent, author, fingerprint: 1 };
        let outcomes = [
            (attempt(post, None, id("nobody")), AddCommentOutcome::Write(Write::SessionEnded)),
            (attempt(id("nothing"), None, ada), AddCommentOutcome::PostNotFound),
            (attempt(post, Some(id("nothing")), ada), AddCommentOutcome::ParentNotFound),
            (attempt(post, Some(parent), ada), AddCommentOutcome::ParentOnOtherPost),
        ];
        for (attempt, expected) in outcomes {
            assert_eq!(add(&s, attempt).await, expected);
            assert_eq!(s.db.count("idempotency_keys").await, 0, "{expected:?}");
        }
        stored(add(&s, attempt(post, None, ada)).await);
        s.db.assert_counters_exact().await;
    }

    async fn stores_one_of_32_concurrent_comments(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let s = Arc::new(s);
        let outcomes = join_all((0..32).map(|number| {
            let s = Arc::clone(&s);
            tokio::spawn(async move {
                let word = format!("number{number}");
                add(&s, Attempt { word: &word, post, parent: None, author: ada, fingerprint: 1 }).await
            })
        }))
        .await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        let stored = outcomes.iter().filter(|o| matches!(o, AddCommentOutcome::Write(Write::Stored(_)))).count();
        let replayed = outcomes.iter().filter(|o| matches!(o, AddCommentOutcome::Write(Write::Replayed(_)))).count();
        assert_eq!((stored, replayed), (1, 31));
        assert_eq!((s.db.count("comments").await, s.find_post(post).await.unwrap().comment_count), (1, 1));
    }
}

mod purge {
    use super::*;

    on_both_databases![purges_older_keys];

    async fn purges_older_keys(s: Scene) {
        let ada = s.user("ada").await;
        for (key, at) in [("old", NOW), ("new", NOW.after(MOMENT))] {
            let post = a_post(key, ada).at(at).build();
            s.posts.publish(&post, Some(&request(key, 1, at))).await.unwrap();
        }
        assert_eq!(s.keys.purge(NOW).await.unwrap(), 0);
        assert_eq!(s.keys.purge(NOW.after(MOMENT)).await.unwrap(), 1);
        assert_eq!(s.db.texts("SELECT key FROM idempotency_keys").await, ["new"]);
    }
}
