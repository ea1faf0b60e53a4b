//! [`PostRepository`].

use std::sync::Arc;

use ::posts::ports::{Change, CommentRepository, Edit, Like, PostRepository, Unlike, Write};
use accounts::ports::EraseUser;
use domain::{Content, Post, PostId, PostView, PostViewer, Revision, Timestamp, UserRef, UserView, Username};
use futures_util::future::join_all;
use testkit::{a_post, acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, page, views};

fn edit(content: &str, at: Timestamp, expected: Option<u32>) -> Edit {
    Edit { content: Content::parse(content).unwrap(), at, expected: expected.map(Revision) }
}

mod publish {
    use super::*;

    on_both_databases![stores_and_counts, stores_nothing_for_an_erased_account];

    async fn stores_and_counts(s: Scene) {
        let ada = s.user("ada").await;
        let post = a_post("hello", ada).says("one\n\ttwo 🦀 'quoted'");
        let expected = post.clone().published_by(&s.find_user(ada).await.unwrap());
        assert_eq!(s.posts.publish(&post.build(), None).await.unwrap(), Write::Stored(expected.clone()));
        assert_eq!(s.find_post(expected.id).await, Some(expected));
        assert_eq!(s.find_user(ada).await.unwrap().post_count, 1);
    }

    async fn stores_nothing_for_an_erased_account(s: Scene) {
        let post = a_post("hello", id("nobody")).build();
        assert_eq!(s.posts.publish(&post, None).await.unwrap(), Write::SessionEnded);
        assert_eq!(s.db.count("posts").await, 0);
    }
}

mod find {
    use super::*;

    on_both_databases![says_whether_the_reader_likes_it, finds_none];

    async fn says_whether_the_reader_likes_it(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let hello = s.post("hello", ada).await;
        s.like_post(hello, bob).await;
        let viewer = async |by| s.posts.find(hello, by).await.unwrap().unwrap().viewer;
        assert_eq!(viewer(Some(bob)).await, Some(PostViewer { liked: true, bookmarked: false }));
        assert_eq!(viewer(Some(ada)).await, Some(PostViewer::default()));
        assert_eq!(viewer(None).await, None);
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.posts.find(id("nothing"), Some(ada)).await.unwrap(), None);
    }
}

mod list_by_user {
    use super::*;

    on_both_databases![shows_the_newest_of_one_user_first_in_pages, distinguishes_no_posts_from_no_user];

    fn said(post: &PostView) -> String {
        post.subject.content.as_str().to_owned()
    }

    async fn shows_the_newest_of_one_user_first_in_pages(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        for word in ["one", "two", "three"] {
            s.post(word, ada).await;
            s.post(&format!("not{word}"), bob).await;
        }
        s.like_post(id("three"), bob).await;
        let by_name = UserRef::Username(Username::parse("ada").unwrap());
        for user in [ada.into(), by_name] {
            let first = views(s.posts.list_by_user(&user, page(2, None), Some(bob)).await.unwrap().unwrap());
            assert_eq!(each(&first, said), ["three", "two"]);
            assert_eq!(each(&first, |post| post.viewer.unwrap().liked), [true, false]);
            let second = views(s.posts.list_by_user(&user, page(2, first.next), None).await.unwrap().unwrap());
            assert_eq!((each(&second, said), second.next), (vec!["one".to_owned()], None));
        }
    }

    async fn distinguishes_no_posts_from_no_user(s: Scene) {
        let ada = s.user("ada").await;
        let none = views(s.posts.list_by_user(&ada.into(), first_page(), None).await.unwrap().unwrap());
        assert_eq!((none.items, none.next), (vec![], None));
        for nobody in [UserRef::Id(id("nobody")), UserRef::Username(Username::parse("not_here").unwrap())] {
            assert_eq!(s.posts.list_by_user(&nobody, first_page(), Some(ada)).await.unwrap(), None);
        }
    }
}

mod edit {
    use super::*;

    on_both_databases![
        changes_the_words_and_the_revision,
        the_same_content_is_no_edit,
        counts_one_of_many_equal_edits,
        rejects_an_outdated_revision,
        finds_none,
    ];

    async fn changes_the_words_and_the_revision(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let (hello, other) = (s.post("hello", ada).await, s.post("other", ada).await);
        s.like_post(hello, bob).await;
        let (before, at) = (s.find_post(hello).await.unwrap(), s.now());
        let Change::Changed(seen) = s.posts.edit(hello, &edit("bye", at, Some(0)), acting(bob)).await.unwrap() else {
            panic!("not changed");
        };
        let expected =
            Post { content: Content::parse("bye").unwrap(), edited_at: Some(at), revision: Revision(1), ..before };
        assert_eq!((&*seen.subject, seen.viewer), (&expected, Some(PostViewer { liked: true, bookmarked: false })));
        assert_eq!(s.find_post(hello).await, Some(expected));
        assert_eq!(s.find_post(other).await.unwrap().content.as_str(), "other");
        assert!(matches!(
            s.posts.edit(hello, &edit("again", at, None), acting(ada)).await.unwrap(),
            Change::Changed(_)
        ));
    }

    async fn the_same_content_is_no_edit(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        let before = s.find_post(hello).await.unwrap();
        for expected in [None, Some(0)] {
            let Change::Changed(seen) =
                s.posts.edit(hello, &edit("hello", s.now(), expected), acting(ada)).await.unwrap()
            else {
                panic!("refused");
            };
            assert_eq!(*seen.subject, before);
        }
        assert_eq!(s.posts.edit(hello, &edit("hello", s.now(), Some(1)), acting(ada)).await.unwrap(), Change::Stale);
        assert_eq!(s.find_post(hello).await, Some(before));
    }

    async fn counts_one_of_many_equal_edits(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        let edit = edit("bye", s.now(), None);
        let edits = join_all((0..8).map(|_| s.posts.edit(hello, &edit, acting(ada)))).await;
        assert!(edits.iter().all(|edit| matches!(edit, Ok(Change::Changed(_)))), "{edits:?}");
        assert_eq!(s.find_post(hello).await.unwrap().revision, Revision(1));
    }

    async fn rejects_an_outdated_revision(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        let before = s.find_post(hello).await;
        assert_eq!(s.posts.edit(hello, &edit("bye", s.now(), Some(1)), acting(ada)).await.unwrap(), Change::Stale);
        assert_eq!(s.find_post(hello).await, before);
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        for expected in [None, Some(0)] {
            let edited = s.posts.edit(id("nothing"), &edit("bye", s.now(), expected), acting(ada)).await.unwrap();
            assert_eq!(edited, Change::NotFound);
        }
    }
}

mod delete {
    use super::*;

    on_both_databases![
        removes_comments_and_likes,
        removes_a_thread_of_any_depth,
        happens_once_when_requested_twice_at_once,
        keeps_a_post_of_a_later_revision,
        finds_none,
    ];

    async fn removes_comments_and_likes(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let (hello, kept) = (s.post("hello", ada).await, s.post("kept", ada).await);
        let top = s.comment("top", hello, bob).await;
        let reply = s.reply("reply", top, hello, ada).await;
        s.comment("elsewhere", kept, bob).await;
        for user in [ada, bob] {
            s.like_post(hello, user).await;
            s.like_comment(reply, user).await;
        }
        assert_eq!(s.delete_post(ada, hello).await, Change::Changed(()));
        assert_eq!(s.find_post(hello).await, None);
        assert_eq!(s.find_comment(top).await, None);
        assert_eq!((s.db.count("post_likes").await, s.db.count("comment_likes").await), (0, 0));
        assert_eq!((s.db.count("posts").await, s.db.count("comments").await), (1, 1));
        assert_eq!(s.find_user(ada).await.unwrap().post_count, 1);
        s.db.assert_counters_exact().await;
        assert_eq!(s.posts.delete(hello, acting(id("ada")), None).await.unwrap(), Change::NotFound);
        assert_eq!(s.find_user(ada).await.unwrap().post_count, 1);
        assert_eq!(s.comments.find_owners(reply).await.unwrap(), None);
    }

    /// SQLite allows a thousand levels of triggers, and cascades count as such.
    async fn removes_a_thread_of_any_depth(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        for erased in [false, true] {
            let post = s.post(if erased { "second" } else { "first" }, ada).await;
            s.deep_thread(post, bob, 1_500).await;
            s.db.assert_counters_exact().await;
            if erased {
                assert_eq!(s.erase(ada).await, EraseUser::Erased);
            } else {
                assert_eq!(s.delete_post(ada, post).await, Change::Changed(()));
            }
            assert_eq!(s.db.count("comments").await, 0);
        }
    }

    async fn happens_once_when_requested_twice_at_once(s: Scene) {
        let ada = s.user("ada").await;
        let s = Arc::new(s);
        for round in 0..20 {
            let post = s.post(&format!("round{round}"), ada).await;
            let delete = || {
                let s = Arc::clone(&s);
                tokio::spawn(async move { s.posts.delete(post, acting(id("ada")), None).await.unwrap() })
            };
            let (one, other) = (delete(), delete());
            let outcomes = [one.await.unwrap(), other.await.unwrap()];
            assert!(outcomes.contains(&Change::Changed(())) && outcomes.contains(&Change::NotFound), "{outcomes:?}");
            s.db.assert_counters_exact().await;
        }
    }

    async fn keeps_a_post_of_a_later_revision(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("hello", ada).await;
        assert_eq!(s.posts.delete(post, acting(id("ada")), Some(Revision(1))).await.unwrap(), Change::Stale);
        assert!(s.find_post(post).await.is_some());
        s.db.assert_counters_exact().await;
        assert_eq!(s.posts.delete(post, acting(id("ada")), Some(Revision(0))).await.unwrap(), Change::Changed(()));
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.posts.delete(id("nothing"), acting(ada), None).await.unwrap(), Change::NotFound);
    }
}

mod like {
    use super::*;

    on_both_databases![counts_once, finds_none, an_erased_account_has_no_session, does_not_change_the_revision];

    async fn counts_once(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let hello = s.post("hello", ada).await;
        for outcome in [Like::Given, Like::Already] {
            assert_eq!(s.posts.like(hello, acting(bob), s.now()).await.unwrap(), outcome);
            assert_eq!(s.find_post(hello).await.unwrap().like_count, 1);
        }
        s.like_post(hello, ada).await;
        assert_eq!(s.find_post(hello).await.unwrap().like_count, 2);
        s.db.assert_counters_exact().await;
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        let gone: PostId = s.post("hello", ada).await;
        s.posts.delete(gone, acting(id("ada")), None).await.unwrap();
        assert_eq!(s.posts.like(gone, acting(ada), s.now()).await.unwrap(), Like::NotFound);
        assert_eq!(s.posts.like(id("nothing"), acting(id("nobody")), s.now()).await.unwrap(), Like::SessionEnded);
    }

    async fn an_erased_account_has_no_session(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        assert_eq!(s.posts.like(hello, acting(id("nobody")), s.now()).await.unwrap(), Like::SessionEnded);
        assert_eq!(s.find_post(hello).await.unwrap().like_count, 0);
    }

    async fn does_not_change_the_revision(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        s.like_post(hello, ada).await;
        assert_eq!(s.find_post(hello).await.unwrap().revision, Revision(0));
    }
}

mod unlike {
    use super::*;

    on_both_databases![counts_once, finds_none];

    async fn counts_once(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let hello = s.post("hello", ada).await;
        s.like_post(hello, ada).await;
        s.like_post(hello, bob).await;
        for outcome in [Unlike::TakenBack, Unlike::Nothing] {
            assert_eq!(s.posts.unlike(hello, acting(bob)).await.unwrap(), outcome);
            assert_eq!(s.find_post(hello).await.unwrap().like_count, 1);
        }
        s.db.assert_counters_exact().await;
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.posts.unlike(id("nothing"), acting(ada)).await.unwrap(), Unlike::NotFound);
    }
}

mod list_likes {
    use super::*;

    on_both_databases![shows_the_newest_like_first_in_pages, distinguishes_no_likes_from_no_post];

    fn name(user: &UserView) -> String {
        user.subject.username.to_string()
    }

    async fn shows_the_newest_like_first_in_pages(s: Scene) {
        let (ada, bob, cyd) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await);
        let (hello, other) = (s.post("hello", ada).await, s.post("other", ada).await);
        for user in [cyd, ada, bob] {
            s.like_post(hello, user).await;
        }
        s.like_post(other, cyd).await;
        s.follow(ada, bob).await;
        let first = s.posts.list_likes(hello, page(2, None), Some(ada)).await.unwrap().unwrap();
        assert_eq!(each(&first, name), ["bob", "ada"]);
        assert_eq!(each(&first, |user| user.viewer.unwrap().following), [true, false]);
        let second = s.posts.list_likes(hello, page(2, first.next), None).await.unwrap().unwrap();
        assert_eq!((each(&second, name), second.next), (vec!["cyd".to_owned()], None));
    }

    async fn distinguishes_no_likes_from_no_post(s: Scene) {
        let ada = s.user("ada").await;
        let hello = s.post("hello", ada).await;
        assert_eq!(s.posts.list_likes(hello, first_page(), None).await.unwrap().unwrap().items, []);
        assert_eq!(s.posts.list_likes(id("nothing"), first_page(), Some(ada)).await.unwrap(), None);
    }
}
