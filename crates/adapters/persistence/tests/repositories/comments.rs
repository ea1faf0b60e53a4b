//! [`CommentRepository`].

use ::posts::ports::{
    AddCommentOutcome, Change, CommentOwners, CommentRepository, Edit, Like, PostRepository, Thread, Unlike, Write,
};
use domain::{
    Comment, CommentBody, CommentId, CommentView, CommentViewer, Content, Page, PageRequest, PostId, Revision,
    Timestamp,
};
use testkit::{NOW, a_comment, acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, page};

fn edit(content: &str, at: Timestamp, expected: Option<u32>) -> Edit {
    Edit { content: Content::parse(content).unwrap(), at, expected: expected.map(Revision) }
}

mod add {
    use super::*;

    on_both_databases![
        stores_and_counts,
        counts_a_reply_on_its_parent_and_on_the_post,
        needs_the_post,
        needs_a_parent_with_content,
        needs_a_parent_on_the_same_post,
        rejects_a_reply_that_is_too_deep,
        finds_the_depth_of_an_older_reply,
        stores_nothing_for_an_erased_account,
    ];

    async fn rejects_a_reply_that_is_too_deep(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let mut parent = s.comment("top", post, ada).await;
        for level in 1..=Comment::DEEPEST {
            parent = s.reply(&format!("level{level}"), parent, post, ada).await;
        }
        let deeper = a_comment("deeper", post, ada).reply_to(parent).build();
        assert_eq!(s.comments.add(&deeper, None).await.unwrap(), AddCommentOutcome::TooDeep);
        let keyed = crate::scene::request("key", 1, NOW);
        assert_eq!(s.comments.add(&deeper, Some(&keyed)).await.unwrap(), AddCommentOutcome::TooDeep);
        assert_eq!(s.find_comment(parent).await.unwrap().reply_count, 0);
        assert_eq!((s.db.count("comments").await, s.db.count("idempotency_keys").await), (101, 0));
        s.db.assert_counters_exact().await;
    }

    /// Like replies that the previous version of the program stores, before this one or beside it.
    async fn finds_the_depth_of_an_older_reply(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        s.deep_thread(post, ada, 1_500).await;
        let at = |level: usize| CommentId::parse(&format!("d{level:023}")).unwrap();
        let reply = async |word: &str, parent| {
            let reply = a_comment(word, post, ada).reply_to(parent).build();
            s.comments.add(&reply, None).await.unwrap()
        };
        for (level, deepest) in [(0, false), (1, false), (99, false), (100, true), (101, true), (1_499, true)] {
            let added = reply(&format!("at{level}"), at(level)).await;
            assert_eq!(added == AddCommentOutcome::TooDeep, deepest, "{level}: {added:?}");
        }
        let depths = s.db.texts("SELECT id || ' ' || depth FROM comments WHERE depth > 0 ORDER BY depth, id").await;
        let id = |word: &str| testkit::id::<()>(word).to_string();
        let (one, many) = (at(1), at(99));
        let expected = [
            format!("{} 1", id("at0")),
            format!("{one} 1"),
            format!("{} 2", id("at1")),
            format!("{many} 99"),
            format!("{} 100", id("at99")),
        ];
        assert_eq!(depths, expected);
        s.db.assert_counters_exact().await;
    }

    async fn stores_and_counts(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let comment = a_comment("top", post, bob).says("one\n\ttwo 🦀");
        let expected = comment.clone().written_by(&s.find_user(bob).await.unwrap());
        let added = s.comments.add(&comment.build(), None).await.unwrap();
        assert_eq!(added, AddCommentOutcome::Write(Write::Stored(expected.clone())));
        assert_eq!(s.find_comment(expected.id).await, Some(expected));
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 1);
    }

    async fn counts_a_reply_on_its_parent_and_on_the_post(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        let reply = s.reply("reply", top, post, ada).await;
        s.reply("nested", reply, post, ada).await;
        let replies = async |id| s.find_comment(id).await.unwrap().reply_count;
        assert_eq!((replies(top).await, replies(reply).await), (1, 1));
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 3);
        assert_eq!(s.find_comment(reply).await.unwrap().parent_id, Some(top));
        s.db.assert_counters_exact().await;
    }

    async fn needs_the_post(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.posts.delete(post, acting(id("ada")), None).await.unwrap();
        for comment in [a_comment("new", post, ada), a_comment("new", post, ada).reply_to(top)] {
            assert_eq!(s.comments.add(&comment.build(), None).await.unwrap(), AddCommentOutcome::PostNotFound);
        }
    }

    async fn needs_a_parent_with_content(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.reply("reply", top, post, ada).await;
        s.comments.delete(top, acting(id("ada")), None).await.unwrap();
        for parent in [top, id("nothing")] {
            let comment = a_comment("new", post, ada).reply_to(parent).build();
            assert_eq!(s.comments.add(&comment, None).await.unwrap(), AddCommentOutcome::ParentNotFound);
        }
        s.db.assert_counters_exact().await;
    }

    async fn needs_a_parent_on_the_same_post(s: Scene) {
        let ada = s.user("ada").await;
        let (post, other) = (s.post("post", ada).await, s.post("other", ada).await);
        let top = s.comment("top", post, ada).await;
        let comment = a_comment("new", other, ada).reply_to(top).build();
        assert_eq!(s.comments.add(&comment, None).await.unwrap(), AddCommentOutcome::ParentOnOtherPost);
        s.db.assert_counters_exact().await;
    }

    async fn stores_nothing_for_an_erased_account(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let comment = a_comment("new", post, id("nobody")).build();
        let added = s.comments.add(&comment, None).await.unwrap();
        assert_eq!(added, AddCommentOutcome::Write(Write::SessionEnded));
        s.db.assert_counters_exact().await;
    }
}

mod find {
    use super::*;

    on_both_databases![says_whether_the_reader_likes_it, finds_none];

    async fn says_whether_the_reader_likes_it(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.like_comment(top, bob).await;
        let viewer = async |by| s.comments.find(top, by).await.unwrap().unwrap().viewer;
        assert_eq!(viewer(Some(bob)).await, Some(CommentViewer { liked: true }));
        assert_eq!(viewer(Some(ada)).await, Some(CommentViewer { liked: false }));
        assert_eq!(viewer(None).await, None);
    }

    async fn finds_none(s: Scene) {
        assert_eq!(s.find_comment(id("nothing")).await, None);
    }
}

mod find_owners {
    use super::*;

    on_both_databases![names_both_authors, finds_no_owners_of_a_deleted_comment];

    async fn names_both_authors(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, bob).await;
        let owners = CommentOwners { author: bob, post_author: ada };
        assert_eq!(s.comments.find_owners(top).await.unwrap(), Some(owners));
    }

    async fn finds_no_owners_of_a_deleted_comment(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.reply("reply", top, post, ada).await;
        s.comments.delete(top, acting(id("ada")), None).await.unwrap();
        assert_eq!(s.comments.find_owners(top).await.unwrap(), None);
        assert_eq!(s.comments.find_owners(id("nothing")).await.unwrap(), None);
    }
}

mod list {
    use super::*;

    on_both_databases![
        shows_the_top_level_oldest_first_in_pages,
        shows_direct_replies_oldest_first_in_pages,
        shows_deleted_comments_with_replies,
        distinguishes_no_comments_from_no_post,
    ];

    fn ids(page: &Page<CommentView>) -> Vec<CommentId> {
        each(page, |comment| comment.subject.id)
    }

    async fn list(s: &Scene, thread: Thread, page: PageRequest) -> Page<CommentView> {
        s.comments.list(thread, page, None).await.unwrap().unwrap()
    }

    async fn shows_the_top_level_oldest_first_in_pages(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let (post, other) = (s.post("post", ada).await, s.post("other", ada).await);
        let mut top = Vec::new();
        for word in ["zzz", "mmm", "aaa"] {
            top.push(s.comment(word, post, ada).await);
            s.reply(&format!("re{word}"), top[0], post, bob).await;
            s.comment(&format!("not{word}"), other, bob).await;
        }
        s.like_comment(top[1], bob).await;
        let first = s.comments.list(Thread::Post(post), page(2, None), Some(bob)).await.unwrap().unwrap();
        assert_eq!(ids(&first), top[..2]);
        assert_eq!(each(&first, |comment| comment.viewer.unwrap().liked), [false, true]);
        let second = list(&s, Thread::Post(post), page(2, first.next)).await;
        assert_eq!((ids(&second), second.next), (top[2..].to_vec(), None));
    }

    async fn shows_direct_replies_oldest_first_in_pages(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let (top, other) = (s.comment("top", post, ada).await, s.comment("other", post, ada).await);
        let mut replies = Vec::new();
        for word in ["zzz", "mmm", "aaa"] {
            replies.push(s.reply(word, top, post, ada).await);
            s.reply(&format!("nested{word}"), replies[0], post, ada).await;
            s.reply(&format!("not{word}"), other, post, ada).await;
        }
        let first = list(&s, Thread::Replies(top), page(2, None)).await;
        assert_eq!(ids(&first), replies[..2]);
        let second = list(&s, Thread::Replies(top), page(2, first.next)).await;
        assert_eq!((ids(&second), second.next), (replies[2..].to_vec(), None));
    }

    async fn shows_deleted_comments_with_replies(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let (top, next) = (s.comment("top", post, ada).await, s.comment("next", post, ada).await);
        let reply = s.reply("reply", top, post, ada).await;
        s.comments.delete(top, acting(id("ada")), None).await.unwrap();
        let listed = list(&s, Thread::Post(post), first_page()).await;
        assert_eq!(ids(&listed), [top, next]);
        assert_eq!(listed.items[0].subject.body, CommentBody::Deleted);
        assert_eq!(ids(&list(&s, Thread::Replies(top), first_page()).await), [reply]);
    }

    async fn distinguishes_no_comments_from_no_post(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        assert_eq!(list(&s, Thread::Post(post), first_page()).await.items, []);
        let top = s.comment("top", post, ada).await;
        assert_eq!(list(&s, Thread::Replies(top), first_page()).await.items, []);
        for thread in [Thread::Post(id("nothing")), Thread::Replies(id("nothing"))] {
            assert_eq!(s.comments.list(thread, first_page(), Some(ada)).await.unwrap(), None);
        }
    }
}

mod edit {
    use super::*;

    on_both_databases![
        changes_the_words_and_the_revision,
        the_same_content_is_no_edit,
        rejects_an_outdated_revision,
        finds_none,
    ];

    async fn changes_the_words_and_the_revision(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.like_comment(top, bob).await;
        let (before, at) = (s.find_comment(top).await.unwrap(), s.now());
        let Change::Changed(seen) = s.comments.edit(top, &edit("bye", at, Some(0)), acting(bob)).await.unwrap() else {
            panic!("not changed");
        };
        let body =
            CommentBody::Live { author: before.author().unwrap().clone(), content: Content::parse("bye").unwrap() };
        let expected = Comment { body, edited_at: Some(at), revision: Revision(1), ..before };
        assert_eq!((&seen.subject, seen.viewer), (&expected, Some(CommentViewer { liked: true })));
        assert_eq!(s.find_comment(top).await, Some(expected));
        assert!(matches!(
            s.comments.edit(top, &edit("again", at, None), acting(ada)).await.unwrap(),
            Change::Changed(_)
        ));
    }

    async fn the_same_content_is_no_edit(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        let before = s.find_comment(top).await.unwrap();
        let CommentBody::Live { content, .. } = &before.body else {
            panic!("deleted");
        };
        let words = content.as_str().to_owned();
        let Change::Changed(seen) = s.comments.edit(top, &edit(&words, s.now(), Some(0)), acting(ada)).await.unwrap()
        else {
            panic!("refused");
        };
        assert_eq!(seen.subject, before);
        assert_eq!(s.find_comment(top).await, Some(before));
    }

    async fn rejects_an_outdated_revision(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        let before = s.find_comment(top).await;
        assert_eq!(s.comments.edit(top, &edit("bye", s.now(), Some(1)), acting(ada)).await.unwrap(), Change::Stale);
        assert_eq!(s.find_comment(top).await, before);
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let top = s.comment("top", post, ada).await;
        s.reply("reply", top, post, ada).await;
        s.comments.delete(top, acting(id("ada")), None).await.unwrap();
        for gone in [top, id("nothing")] {
            for expected in [None, Some(0), Some(1)] {
                let edited = s.comments.edit(gone, &edit("bye", s.now(), expected), acting(ada)).await.unwrap();
                assert_eq!(edited, Change::NotFound);
            }
        }
    }
}

mod delete {
    use super::*;

    on_both_databases![
        removes_a_comment_without_replies,
        keeps_a_comment_with_replies_as_a_mark,
        removes_marks_above_with_their_last_reply,
        stops_at_an_ancestor_with_content,
        stops_at_an_ancestor_with_other_replies,
        finds_none,
    ];

    /// A post with a chain of four comments, each a reply to the one before.
    async fn chain(s: &Scene) -> (PostId, [CommentId; 4]) {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        let first = s.comment("aaa", post, ada).await;
        let second = s.reply("bbb", first, post, ada).await;
        let third = s.reply("ccc", second, post, ada).await;
        let last = s.reply("ddd", third, post, ada).await;
        (post, [first, second, third, last])
    }

    async fn left(s: &Scene) -> Vec<String> {
        s.db.texts("SELECT substr(id, 1, 3) FROM comments ORDER BY id").await
    }

    async fn removes_a_comment_without_replies(s: Scene) {
        let (post, [.., last]) = chain(&s).await;
        s.like_comment(last, id("ada")).await;
        assert_eq!(s.comments.delete(last, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        assert_eq!(left(&s).await, ["aaa", "bbb", "ccc"]);
        assert_eq!((s.find_comment(last).await, s.db.count("comment_likes").await), (None, 0));
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 3);
        s.db.assert_counters_exact().await;
    }

    async fn keeps_a_comment_with_replies_as_a_mark(s: Scene) {
        let (post, [first, second, ..]) = chain(&s).await;
        s.like_comment(second, id("ada")).await;
        s.comments.edit(second, &edit("edited", s.now(), None), acting(id("ada"))).await.unwrap();
        let before = s.find_comment(second).await.unwrap();
        assert_eq!(s.comments.delete(second, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        let expected = Comment {
            body: CommentBody::Deleted,
            edited_at: None,
            like_count: 0,
            revision: Revision(before.revision.0 + 1),
            ..before
        };
        let seen = s.comments.find(second, Some(id("ada"))).await.unwrap().unwrap();
        assert_eq!((seen.subject, seen.viewer), (expected, Some(CommentViewer { liked: false })));
        assert_eq!(s.find_comment(first).await.unwrap().reply_count, 1, "it is still there to be listed");
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 3);
        s.db.assert_counters_exact().await;
    }

    async fn removes_marks_above_with_their_last_reply(s: Scene) {
        let (post, [first, second, third, last]) = chain(&s).await;
        for silent in [second, first, third] {
            assert_eq!(s.comments.delete(silent, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
            assert_eq!(left(&s).await.len(), 4);
        }
        assert_eq!(s.comments.delete(last, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        assert_eq!(left(&s).await, [""; 0]);
        assert_eq!(s.find_post(post).await.unwrap().comment_count, 0);
    }

    async fn stops_at_an_ancestor_with_content(s: Scene) {
        let (_, [first, second, third, last]) = chain(&s).await;
        for gone in [second, third, last] {
            assert_eq!(s.comments.delete(gone, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        }
        assert_eq!(left(&s).await, ["aaa"]);
        assert_eq!(s.find_comment(first).await.unwrap().reply_count, 0);
        s.db.assert_counters_exact().await;
    }

    async fn stops_at_an_ancestor_with_other_replies(s: Scene) {
        let (post, [first, second, third, last]) = chain(&s).await;
        s.reply("other", first, post, id("ada")).await;
        for gone in [first, second, third, last] {
            assert_eq!(s.comments.delete(gone, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        }
        assert_eq!(left(&s).await, ["aaa", "oth"]);
        assert_eq!(s.find_comment(first).await.unwrap().reply_count, 1);
        s.db.assert_counters_exact().await;
    }

    async fn finds_none(s: Scene) {
        let (_, [first, ..]) = chain(&s).await;
        assert_eq!(s.comments.delete(first, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
        assert_eq!(
            s.comments.delete(first, acting(id("ada")), None).await.unwrap(),
            Change::NotFound,
            "it was deleted already"
        );
        assert_eq!(s.comments.delete(id("nothing"), acting(id("ada")), None).await.unwrap(), Change::NotFound);
        s.db.assert_counters_exact().await;
    }
}

mod like {
    use super::*;

    on_both_databases![counts_once, finds_none, finds_no_deleted_comment, an_erased_account_has_no_session];

    async fn a_comment(s: &Scene) -> CommentId {
        let ada = s.user("ada").await;
        let post = s.post("post", ada).await;
        s.comment("top", post, ada).await
    }

    async fn counts_once(s: Scene) {
        let top = a_comment(&s).await;
        let bob = s.user("bob").await;
        for outcome in [Like::Given, Like::Already] {
            assert_eq!(s.comments.like(top, acting(bob), s.now()).await.unwrap(), outcome);
            assert_eq!(s.find_comment(top).await.unwrap().like_count, 1);
        }
        s.like_comment(top, id("ada")).await;
        for outcome in [Unlike::TakenBack, Unlike::Nothing] {
            assert_eq!(s.comments.unlike(top, acting(bob)).await.unwrap(), outcome);
            assert_eq!(s.find_comment(top).await.unwrap().like_count, 1);
        }
        s.db.assert_counters_exact().await;
    }

    async fn finds_none(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.comments.like(id("nothing"), acting(ada), s.now()).await.unwrap(), Like::NotFound);
        assert_eq!(s.comments.unlike(id("nothing"), acting(ada)).await.unwrap(), Unlike::NotFound);
    }

    async fn finds_no_deleted_comment(s: Scene) {
        let top = a_comment(&s).await;
        s.reply("reply", top, id("post"), id("ada")).await;
        s.like_comment(top, id("ada")).await;
        s.comments.delete(top, acting(id("ada")), None).await.unwrap();
        assert_eq!(s.comments.like(top, acting(id("ada")), s.now()).await.unwrap(), Like::NotFound);
        assert_eq!(s.comments.unlike(top, acting(id("ada"))).await.unwrap(), Unlike::NotFound);
        assert_eq!(s.db.count("comment_likes").await, 0);
        s.db.assert_counters_exact().await;
    }

    async fn an_erased_account_has_no_session(s: Scene) {
        let top = a_comment(&s).await;
        assert_eq!(s.comments.like(top, acting(id("nobody")), s.now()).await.unwrap(), Like::SessionEnded);
        assert_eq!(s.find_comment(top).await.unwrap().like_count, 0);
    }
}
