//! What each write touches, and what reads are made of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ::posts::ports::{
    AddCommentOutcome, Change as Outcome, CommentRepository, Edit, Like, MockCommentRepository, MockPostLikes,
    MockPostRepository, PostRepository, Write,
};
use accounts::ports::{
    EraseUser, InsertUser, KeptName, MockUserRelations, MockUserRepository, NameHash, NameHashes, PasswordHash,
    ProfileChanges, UpdateUser, UserRepository,
};
use domain::{
    Bio, CommentId, Content, ContentViewer, DisplayName, Page, PageRequest, PostPage, PostView, Principal,
    RepositoryError, UserId, UserRef, UserViewer, Username, Viewed,
};
use feed::ports::{
    Follow, FollowRepository, MockFollowRepository, MockTimelineRepository, TimelineRepository, Unfollow,
};
use testkit::{NOW, a_comment, a_post, a_user, acting, id};

use super::{CachedComments, CachedFollows, CachedPosts, CachedTimelines, CachedUsers};
use crate::test_support::{FakeLog, following, post};
use crate::{Cache, CacheOptions, InProcessLog, Tag};

fn alone() -> Cache {
    Cache::new(CacheOptions::default(), Arc::new(InProcessLog::new()), None)
}

/// Hashes of any name.
fn names() -> NameHashes {
    NameHashes { current: NameHash([0; 32]), older: Vec::new() }
}

fn ada() -> UserId {
    id("ada")
}

fn by_ada() -> Principal {
    acting(ada())
}

fn named(name: &str) -> UserRef {
    UserRef::Username(Username::parse(name).unwrap())
}

fn edit() -> Edit {
    Edit { content: Content::parse("better").unwrap(), at: NOW, expected: None }
}

fn seen(word: &str) -> PostView {
    Viewed::new(post(word, 0), None)
}

fn unavailable<T>() -> Result<T, RepositoryError> {
    Err(RepositoryError::unavailable("test", "out of reach"))
}

fn page(words: &[&str]) -> PostPage {
    PostPage::anonymous(Page { items: words.iter().map(|word| post(word, 0)).collect(), next: None })
}

mod writes {
    use super::*;

    /// Runs a write against a mock, and answers who announced which tags.
    macro_rules! announced {
        (|$mock:ident: $mocks:ty| $expect:expr, |$cached:ident, $cache:ident| $wrap:expr, $write:expr) => {{
            let log = Arc::new(FakeLog::default());
            let $cache = following(&log, None);
            let mut $mock = <$mocks>::new();
            $expect;
            let $mock = Arc::new($mock);
            let $cached = $wrap;
            let _ = $write.await;
            let changes = log.appended.lock().unwrap().clone();
            changes.into_iter().map(|change| (change.by, change.tags)).collect::<Vec<_>>()
        }};
    }

    macro_rules! posts {
        (|$mock:ident| $expect:expr, |$posts:ident| $write:expr) => {
            announced!(
                |$mock: MockPostRepository| $expect,
                |$posts, cache| CachedPosts::new($mock.clone(), $mock, Arc::new(MockPostLikes::new()), cache),
                $write
            )
        };
    }

    macro_rules! users {
        (|$mock:ident| $expect:expr, |$users:ident| $write:expr) => {
            announced!(
                |$mock: MockUserRepository| $expect,
                |$users, cache| CachedUsers::new($mock.clone(), $mock, Arc::new(MockUserRelations::new()), cache),
                $write
            )
        };
    }

    macro_rules! comments {
        (|$mock:ident| $expect:expr, |$comments:ident| $write:expr) => {
            announced!(
                |$mock: MockCommentRepository| $expect,
                |$comments, cache| CachedComments::new($mock, cache),
                $write
            )
        };
    }

    macro_rules! follows {
        (|$mock:ident| $expect:expr, |$follows:ident| $write:expr) => {
            announced!(
                |$mock: MockFollowRepository| $expect,
                |$follows, cache| CachedFollows::new($mock, cache),
                $write
            )
        };
    }

    fn lists_of_ada() -> Vec<Tag> {
        vec![Tag::Post(id("hello")), Tag::PublicFeed, Tag::PostsOf(ada()), Tag::User(ada())]
    }

    #[tokio::test]
    async fn publishing_touches_the_lists_and_the_author() {
        let new = a_post("hello", ada()).build();
        for outcome in [Ok(Write::Stored(post("hello", 0))), Ok(Write::Replayed(post("hello", 0))), unavailable()] {
            let announced = posts!(|mock| mock.expect_publish().return_once(move |_, _| outcome), |posts| posts
                .publish(&new, None));
            assert_eq!(announced, [(Some(ada()), lists_of_ada())]);
        }
        for outcome in [Write::KeyReused, Write::SessionEnded] {
            let announced = posts!(|mock| mock.expect_publish().return_once(move |_, _| Ok(outcome)), |posts| posts
                .publish(&new, None));
            assert_eq!(announced, []);
        }
    }

    #[tokio::test]
    async fn editing_touches_the_post() {
        // Whoever made it stale or removed it may not have come to say so.
        for outcome in [Ok(Outcome::Changed(seen("hello"))), Ok(Outcome::Stale), Ok(Outcome::NotFound), unavailable()] {
            let announced = posts!(|mock| mock.expect_edit().return_once(move |_, _, _| outcome), |posts| posts.edit(
                id("hello"),
                &edit(),
                by_ada()
            ));
            assert_eq!(announced, [(Some(ada()), vec![Tag::Post(id("hello"))])]);
        }
    }

    #[tokio::test]
    async fn deleting_touches_the_lists_and_the_author() {
        for outcome in [Ok(Outcome::Changed(())), Ok(Outcome::Stale), Ok(Outcome::NotFound), unavailable()] {
            let announced = posts!(|mock| mock.expect_delete().return_once(move |_, _, _| outcome), |posts| posts
                .delete(id("hello"), by_ada(), None));
            assert_eq!(announced, [(Some(ada()), lists_of_ada())]);
        }
    }

    #[tokio::test]
    async fn liking_touches_the_post() {
        let touched = || vec![(Some(ada()), vec![Tag::Post(id("hello"))])];
        for (outcome, expected) in
            [(Ok(Like::Done), touched()), (unavailable(), touched()), (Ok(Like::NotFound), vec![])]
        {
            let announced = posts!(|mock| mock.expect_like().return_once(move |_, _, _| outcome), |posts| posts.like(
                id("hello"),
                by_ada(),
                NOW
            ));
            assert_eq!(announced, expected);
        }
        let announced = posts!(|mock| mock.expect_unlike().return_once(|_, _| Ok(Like::Done)), |posts| posts
            .unlike(id("hello"), by_ada()));
        assert_eq!(announced, touched());
    }

    #[tokio::test]
    async fn commenting_touches_the_post() {
        let new = a_comment("nice", id("hello"), ada()).build();
        let stored = a_comment("nice", id("hello"), ada()).written_by(&a_user("ada").build());
        let touched = || vec![(Some(ada()), vec![Tag::Post(id("hello"))])];
        for (outcome, expected) in [
            (Ok(AddCommentOutcome::Write(Write::Stored(stored.clone()))), touched()),
            (Ok(AddCommentOutcome::Write(Write::Replayed(stored))), touched()),
            (Ok(AddCommentOutcome::Write(Write::KeyReused)), vec![]),
            (Ok(AddCommentOutcome::PostNotFound), vec![]),
            (unavailable(), touched()),
        ] {
            let announced = comments!(|mock| mock.expect_add().return_once(move |_, _| outcome), |comments| comments
                .add(&new, None));
            assert_eq!(announced, expected);
        }
    }

    #[tokio::test]
    async fn deleting_a_comment_touches_its_post_or_else_everything() {
        let nice: CommentId = id("nice");
        let found = a_comment("nice", id("hello"), id("bob")).written_by(&a_user("bob").build());
        let known = comments!(
            |mock| {
                mock.expect_find().return_once(move |_, _| Ok(Some(Viewed::new(found, None))));
                mock.expect_delete().return_once(|_, _, _| Ok(Outcome::Changed(())));
            },
            |comments| comments.delete(nice, by_ada(), None)
        );
        assert_eq!(known, [(Some(ada()), vec![Tag::Post(id("hello"))])]);
        for (outcome, expected) in
            [(Outcome::Changed(()), vec![(Some(ada()), vec![Tag::Everything])]), (Outcome::NotFound, vec![])]
        {
            let unknown = comments!(
                |mock| {
                    mock.expect_find().return_once(|_, _| Ok(None));
                    mock.expect_delete().return_once(move |_, _, _| Ok(outcome));
                },
                |comments| comments.delete(nice, by_ada(), None)
            );
            assert_eq!(unknown, expected);
        }
    }

    #[tokio::test]
    async fn following_touches_both_accounts() {
        let touched = || vec![(Some(ada()), vec![Tag::User(ada()), Tag::User(id("bob"))])];
        for (outcome, expected) in
            [(Ok(Follow::Done), touched()), (Ok(Follow::FolloweeGone), vec![]), (unavailable(), touched())]
        {
            let announced =
                follows!(|mock| mock.expect_follow().return_once(move |_, _, _| outcome), |follows| follows.follow(
                    by_ada(),
                    id("bob"),
                    NOW
                ));
            assert_eq!(announced, expected);
        }
        let announced =
            follows!(|mock| mock.expect_unfollow().return_once(|_, _| Ok(Unfollow::Done)), |follows| follows
                .unfollow(by_ada(), id("bob")));
        assert_eq!(announced, touched());
    }

    #[tokio::test]
    async fn signing_up_touches_the_name_and_the_account() {
        let (user, hash) = (a_user("ada").build(), PasswordHash(String::new()));
        let touched = vec![(Some(ada()), vec![Tag::Name(user.username.clone()), Tag::User(ada())])];
        for (outcome, expected) in [(InsertUser::Created, touched), (InsertUser::UsernameTaken, vec![])] {
            let announced = users!(|mock| mock.expect_insert().return_once(move |_, _, _| Ok(outcome)), |users| users
                .insert(&user, &hash, &names()));
            assert_eq!(announced, expected);
        }
    }

    #[tokio::test]
    async fn a_new_profile_touches_the_account_and_a_new_name_its_posts() {
        let bio = ProfileChanges { bio: Some(Bio::parse("").unwrap()), ..ProfileChanges::default() };
        let name =
            ProfileChanges { display_name: Some(DisplayName::parse("Ada").unwrap()), ..ProfileChanges::default() };
        for (changes, tags) in [(bio, vec![Tag::User(ada())]), (name, vec![Tag::User(ada()), Tag::Author(ada())])] {
            let updated = users!(
                |mock| mock.expect_update().return_once(|_, _, _| Ok(UpdateUser::Updated(a_user("ada").build()))),
                |users| users.update(by_ada(), &changes, None)
            );
            assert_eq!(updated, [(Some(ada()), tags.clone())]);
            let stale = users!(|mock| mock.expect_update().return_once(|_, _, _| Ok(UpdateUser::Stale)), |users| users
                .update(by_ada(), &changes, None));
            assert_eq!(stale, [(Some(ada()), tags)]);
        }
    }

    #[tokio::test]
    async fn erasing_an_account_touches_it_and_its_posts_and_the_lists() {
        let hash = PasswordHash(String::new());
        let kept = KeptName { hash: names().current, until: NOW };
        let tags = vec![Tag::User(ada()), Tag::Author(ada()), Tag::PostsOf(ada()), Tag::PublicFeed];
        let touched = || vec![(Some(ada()), tags.clone())];
        for (outcome, expected) in
            [(Ok(EraseUser::Erased), touched()), (Ok(EraseUser::PasswordMoved), vec![]), (unavailable(), touched())]
        {
            let announced = users!(|mock| mock.expect_erase().return_once(move |_, _, _| outcome), |users| users
                .erase(by_ada(), &hash, &kept));
            assert_eq!(announced, expected);
        }
    }
}

mod reads {
    use super::*;

    /// Posts that are asked for `page` so often, and whose likes are asked for by Bob so often.
    fn bob_likes(posts: &'static [&'static str], times: usize) -> Arc<MockPostLikes> {
        let mut likes = MockPostLikes::new();
        likes
            .expect_liked()
            .times(times)
            .withf(|viewer, _| *viewer == id("bob"))
            .returning(|_, _| Ok(posts.iter().map(|word| id(word)).collect::<HashSet<_>>()));
        Arc::new(likes)
    }

    #[tokio::test]
    async fn a_page_is_loaded_once_and_each_reader_asks_once_for_what_is_theirs() {
        let mut loader = MockTimelineRepository::new();
        loader
            .expect_public()
            .once()
            .withf(|_, viewer| viewer.is_none())
            .returning(|_, _| Ok(page(&["one", "two", "three"])));
        let timelines = CachedTimelines::new(
            Arc::new(MockTimelineRepository::new()),
            Arc::new(loader),
            bob_likes(&["two"], 2),
            alone(),
        );
        let first = PageRequest::default();
        for _ in 0..2 {
            assert_eq!(timelines.public(first, None).await.unwrap(), page(&["one", "two", "three"]));
            let seen = timelines.public(first, Some(id("bob"))).await.unwrap();
            let liked: Vec<_> = seen.viewers.unwrap().iter().map(|viewer| viewer.liked).collect();
            assert_eq!(liked, [false, true, false]);
        }
    }

    #[tokio::test]
    async fn an_empty_page_asks_nothing_more() {
        let mut loader = MockPostRepository::new();
        loader.expect_list_by_user().once().returning(|_, _, _| Ok(Some(page(&[]))));
        let likes = Arc::new(MockPostLikes::new());
        let posts = CachedPosts::new(Arc::new(MockPostRepository::new()), Arc::new(loader), likes, alone());
        for viewer in [None, Some(id("bob"))] {
            let seen = posts.list_by_user(&ada().into(), PageRequest::default(), viewer).await.unwrap();
            assert_eq!(seen, Some(page(&[])));
        }
    }

    #[tokio::test]
    async fn a_post_is_loaded_once_and_shows_each_reader_what_is_theirs() {
        let mut loader = MockPostRepository::new();
        loader.expect_find().once().returning(|_, _| Ok(Some(seen("hello"))));
        let inner = Arc::new(MockPostRepository::new());
        let posts = CachedPosts::new(inner, Arc::new(loader), bob_likes(&["hello"], 1), alone());
        assert_eq!(posts.find(id("hello"), None).await.unwrap(), Some(seen("hello")));
        let seen = posts.find(id("hello"), Some(id("bob"))).await.unwrap().unwrap();
        assert_eq!(seen.viewer, Some(ContentViewer { liked: true }));
    }

    #[tokio::test]
    async fn an_account_shows_each_reader_what_is_theirs() {
        let mut loader = MockUserRepository::new();
        loader.expect_find().once().returning(|_, _| Ok(Some(Viewed::new(a_user("ada").build(), None))));
        let stands = UserViewer { following: true, followed_by: false };
        let mut relations = MockUserRelations::new();
        relations.expect_relations().once().returning(move |_, _| Ok(HashMap::from([(ada(), stands)])));
        let inner = Arc::new(MockUserRepository::new());
        let users = CachedUsers::new(inner, Arc::new(loader), Arc::new(relations), alone());
        assert_eq!(users.find(&named("ada"), None).await.unwrap().unwrap().viewer, None);
        assert_eq!(users.find(&named("ada"), Some(id("bob"))).await.unwrap().unwrap().viewer, Some(stands));
    }

    #[tokio::test]
    async fn where_no_copy_can_be_loaded_whoever_answers_is_asked() {
        let mut loader = MockPostRepository::new();
        loader.expect_find().times(4).returning(|_, _| unavailable());
        let mut inner = MockPostRepository::new();
        // For strangers once each time; for Bob, who joins no load of others here, in vain as a stranger and then as
        // himself.
        inner.expect_find().times(6).returning(|_, _| Ok(Some(seen("hello"))));
        let posts = CachedPosts::new(Arc::new(inner), Arc::new(loader), Arc::new(MockPostLikes::new()), alone());
        for viewer in [None, Some(id("bob")), None, Some(id("bob"))] {
            assert_eq!(posts.find(id("hello"), viewer).await.unwrap(), Some(seen("hello")));
        }
    }

    #[tokio::test]
    async fn a_failure_that_is_no_lack_of_places_is_one() {
        let mut loader = MockPostRepository::new();
        loader.expect_find().once().returning(|_, _| Err(RepositoryError::new("posts.find", "corrupt")));
        let inner = Arc::new(MockPostRepository::new());
        let posts = CachedPosts::new(inner, Arc::new(loader), Arc::new(MockPostLikes::new()), alone());
        assert!(!posts.find(id("hello"), None).await.unwrap_err().is_unavailable());
    }

    #[tokio::test]
    async fn what_is_too_much_is_not_asked_for_a_second_time() {
        let mut loader = MockPostRepository::new();
        let too_much = || RepositoryError::overloaded("posts.find", Duration::from_secs(2), "full");
        loader.expect_find().once().returning(move |_, _| Err(too_much()));
        let inner = Arc::new(MockPostRepository::new());
        let posts = CachedPosts::new(inner, Arc::new(loader), Arc::new(MockPostLikes::new()), alone());
        assert!(posts.find(id("hello"), None).await.unwrap_err().is_overload());
    }

    #[tokio::test]
    async fn nobody_is_remembered_until_somebody_signs_up() {
        let ada = a_user("ada").build();
        let mut loader = MockUserRepository::new();
        loader.expect_find().once().returning(|_, _| Ok(None));
        let found = ada.clone();
        loader.expect_find().once().returning(move |_, _| Ok(Some(Viewed::new(found.clone(), None))));
        let mut inner = MockUserRepository::new();
        inner.expect_insert().once().returning(|_, _, _| Ok(InsertUser::Created));
        let users = CachedUsers::new(Arc::new(inner), Arc::new(loader), Arc::new(MockUserRelations::new()), alone());
        let find = async || users.find(&named("ada"), None).await.unwrap().map(|user| user.subject);
        assert_eq!((find().await, find().await), (None, None));
        users.insert(&ada, &PasswordHash(String::new()), &names()).await.unwrap();
        assert_eq!(find().await, Some(ada.into()));
    }

    #[tokio::test]
    async fn nobody_is_not_remembered_for_long() {
        let mut loader = MockUserRepository::new();
        loader.expect_find().times(2).returning(|_, _| Ok(None));
        let options = CacheOptions { negative_ttl: Duration::ZERO, ..CacheOptions::default() };
        let cache = Cache::new(options, Arc::new(InProcessLog::new()), None);
        let inner = Arc::new(MockUserRepository::new());
        let users = CachedUsers::new(inner, Arc::new(loader), Arc::new(MockUserRelations::new()), cache);
        for _ in 0..2 {
            assert_eq!(users.find(&named("ada"), None).await.unwrap(), None);
        }
    }
}
