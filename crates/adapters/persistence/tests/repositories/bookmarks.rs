//! [`BookmarkRepository`].

use std::sync::Arc;

use ::posts::ports::{AddBookmark, Bookmark, BookmarkRepository, PostRepository, RemoveBookmark};
use accounts::ports::UserRepository;
use domain::{PostId, PostViewer, Principal, UserId};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, TransactionTrait};
use testkit::{NOW, TestDatabase, acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, not_kept, page, until_waiting};

fn id_of(bookmark: &Bookmark) -> PostId {
    bookmark.post.subject.id
}

async fn listed(s: &Scene, user: UserId) -> Vec<PostId> {
    each(&s.bookmarks.list(user, first_page()).await.unwrap(), id_of)
}

mod add {
    use super::*;

    on_both_databases![
        stores_a_bookmark_once,
        keeps_the_time_of_the_first,
        rejects_a_missing_post_and_an_ended_session,
        stores_one_of_64_concurrent_bookmarks,
    ];

    async fn stores_a_bookmark_once(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        for outcome in [AddBookmark::Added, AddBookmark::Already] {
            assert_eq!(s.bookmarks.add(post, acting(ada), s.now()).await.unwrap(), outcome);
        }
        assert_eq!(s.bookmarks.add(post, acting(bob), s.now()).await.unwrap(), AddBookmark::Added);
        assert_eq!(s.db.count("bookmarks").await, 2);
    }

    async fn keeps_the_time_of_the_first(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let (first, second) = (s.now(), s.now());
        for at in [first, second] {
            s.bookmarks.add(post, acting(ada), at).await.unwrap();
        }
        let list = s.bookmarks.list(ada, first_page()).await.unwrap();
        assert_eq!(each(&list, |bookmark| bookmark.at), [first]);
    }

    async fn rejects_a_missing_post_and_an_ended_session(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let add = async |post, by| s.bookmarks.add(post, by, NOW).await.unwrap();
        assert_eq!(add(id("nothing"), acting(ada)).await, AddBookmark::NotFound);
        assert_eq!(add(post, acting(id("nobody"))).await, AddBookmark::SessionEnded);
        assert_eq!(add(post, Principal { user_id: ada, session_id: id("ended") }).await, AddBookmark::SessionEnded);
        assert_eq!(s.db.count("bookmarks").await, 0);
    }

    async fn stores_one_of_64_concurrent_bookmarks(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let s = Arc::new(s);
        let outcomes = join_all((0..64).map(|_| {
            let s = Arc::clone(&s);
            tokio::spawn(async move { s.bookmarks.add(post, acting(ada), NOW).await.unwrap() })
        }))
        .await;
        let added = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == AddBookmark::Added).count();
        assert_eq!((added, s.db.count("bookmarks").await), (1, 1));
    }

    /// The bookmark begins before the session ends, and waits for the post. Its deciding statement begins after the
    /// end.
    #[tokio::test(flavor = "multi_thread")]
    async fn stores_nothing_after_waiting_past_the_end_of_the_session() {
        let s = Arc::new(Scene::from(TestDatabase::postgres().await));
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let holder = s.db.sql().begin().await.unwrap();
        holder.execute_unprepared(&format!("SELECT id FROM posts WHERE id = '{post}' FOR UPDATE")).await.unwrap();
        let adding = {
            let s = Arc::clone(&s);
            tokio::spawn(async move { s.bookmarks.add(post, acting(ada), NOW).await.unwrap() })
        };
        until_waiting(&holder, 1).await;
        holder.execute_unprepared("DELETE FROM sessions").await.unwrap();
        holder.commit().await.unwrap();
        assert_eq!(adding.await.unwrap(), AddBookmark::SessionEnded);
        assert_eq!(s.db.count("bookmarks").await, 0);
    }
}

mod remove {
    use super::*;

    on_both_databases![removes_only_ones_own, rejects_a_missing_post_and_an_ended_session];

    async fn removes_only_ones_own(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        for user in [ada, bob] {
            s.bookmark(post, user).await;
        }
        for outcome in [RemoveBookmark::Removed, RemoveBookmark::Nothing] {
            assert_eq!(s.bookmarks.remove(post, acting(ada)).await.unwrap(), outcome);
        }
        assert_eq!((listed(&s, ada).await, listed(&s, bob).await), (vec![], vec![post]));
    }

    async fn rejects_a_missing_post_and_an_ended_session(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        s.bookmark(post, ada).await;
        let remove = async |post, by| s.bookmarks.remove(post, by).await.unwrap();
        assert_eq!(remove(id("nothing"), acting(ada)).await, RemoveBookmark::NotFound);
        assert_eq!(remove(post, acting(id("nobody"))).await, RemoveBookmark::SessionEnded);
        let ended = Principal { user_id: ada, session_id: id("ended") };
        assert_eq!(remove(post, ended).await, RemoveBookmark::SessionEnded);
        assert_eq!(listed(&s, ada).await, [post]);
    }
}

mod list {
    use super::*;

    on_both_databases![
        shows_the_newest_bookmark_first_in_pages,
        shows_the_flags_of_the_owner,
        shows_no_bookmarks_of_others,
        leaves_out_hidden_posts_at_once,
    ];

    async fn shows_the_newest_bookmark_first_in_pages(s: Scene) {
        let ada = s.user("ada").await;
        let (one, two, three) = (s.post("one", ada).await, s.post("two", ada).await, s.post("three", ada).await);
        for post in [two, three, one] {
            s.bookmark(post, ada).await;
        }
        let first = s.bookmarks.list(ada, page(2, None)).await.unwrap();
        assert_eq!(each(&first, id_of), [one, three]);
        let second = s.bookmarks.list(ada, page(2, first.next)).await.unwrap();
        assert_eq!((each(&second, id_of), second.next), (vec![two], None));
        // A bookmark that is removed and added again counts as new.
        s.bookmarks.remove(two, acting(ada)).await.unwrap();
        s.bookmark(two, ada).await;
        assert_eq!(listed(&s, ada).await, [two, one, three]);
    }

    async fn shows_the_flags_of_the_owner(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let (one, two) = (s.post("one", bob).await, s.post("two", bob).await);
        for post in [one, two] {
            s.bookmark(post, ada).await;
        }
        s.like_post(one, ada).await;
        s.like_post(two, bob).await;
        let list = s.bookmarks.list(ada, first_page()).await.unwrap();
        let flags = |liked| PostViewer { liked, bookmarked: true };
        assert_eq!(each(&list, |bookmark| bookmark.post.viewer.unwrap()), [flags(false), flags(true)]);
        assert_eq!(*list.items[0].post.subject, s.find_post(two).await.unwrap());
    }

    async fn shows_no_bookmarks_of_others(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        s.bookmark(post, ada).await;
        assert!(listed(&s, bob).await.is_empty() && listed(&s, id("nobody")).await.is_empty());
        let seen = s.posts.find(post, Some(bob)).await.unwrap().unwrap();
        assert_eq!(seen.viewer, Some(PostViewer::default()));
    }

    async fn leaves_out_hidden_posts_at_once(s: Scene) {
        let (ada, bob, cyd) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await);
        let (kept, deleted, erased) = (s.post("kept", ada).await, s.post("gone", ada).await, s.post("his", bob).await);
        for post in [kept, deleted, erased] {
            s.bookmark(post, cyd).await;
        }
        s.posts.delete(deleted, acting(ada), None).await.unwrap();
        let verified = s.verified(bob).await;
        s.users.erase(acting(bob), &verified.into(), &not_kept()).await.unwrap();
        assert_eq!((listed(&s, cyd).await, s.db.count("bookmarks").await), (vec![kept], 3));
        for post in [deleted, erased] {
            assert_eq!(s.bookmarks.add(post, acting(cyd), NOW).await.unwrap(), AddBookmark::NotFound);
            assert_eq!(s.bookmarks.remove(post, acting(cyd)).await.unwrap(), RemoveBookmark::NotFound);
        }
        s.remove_hidden().await;
        assert_eq!((listed(&s, cyd).await, s.db.count("bookmarks").await), (vec![kept], 1));
    }
}
