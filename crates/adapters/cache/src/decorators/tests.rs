//! The repositories that each cached read queries, and how often.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::posts::ports::{MockPostRepository, MockPostViewers, PostRepository};
use accounts::ports::{MockUserRelations, MockUserRepository, UserRepository};
use domain::{
    Page, PageRequest, PostId, PostPage, PostView, PostViewer, RepositoryError, UserId, UserRef, UserViewer, Username,
    Viewed,
};
use events::{Fact, FactListener};
use feed::ports::{MockTimelineRepository, TimelineRepository};
use testkit::{a_user, id};

use super::{CachedPosts, CachedTimelines, CachedUsers};
use crate::test_support::post;
use crate::{Cache, CacheOptions, InProcessLog};

fn alone() -> Cache {
    Cache::new(CacheOptions::default(), Arc::new(InProcessLog::new()), None)
}

fn ada() -> UserId {
    id("ada")
}

fn named(name: &str) -> UserRef {
    UserRef::Username(Username::parse(name).unwrap())
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

/// Flags of Bob on a post that he likes and on one that he bookmarked, which are queried `times` times.
fn flags_of_bob(liked: &'static str, bookmarked: &'static str, times: usize) -> Arc<MockPostViewers> {
    let mut viewers = MockPostViewers::new();
    viewers.expect_viewers().times(times).withf(|viewer, _| *viewer == id("bob")).returning(move |_, posts| {
        let flags = |post: PostId| PostViewer { liked: post == id(liked), bookmarked: post == id(bookmarked) };
        Ok(posts.iter().map(|post| (*post, flags(*post))).collect())
    });
    Arc::new(viewers)
}

#[tokio::test]
async fn a_page_is_loaded_once_and_viewer_flags_once_per_read() {
    let mut loader = MockTimelineRepository::new();
    loader
        .expect_public()
        .once()
        .withf(|_, viewer| viewer.is_none())
        .returning(|_, _| Ok(page(&["one", "two", "three"])));
    let timelines = CachedTimelines::new(
        Arc::new(MockTimelineRepository::new()),
        Arc::new(loader),
        flags_of_bob("two", "three", 2),
        alone(),
    );
    let first = PageRequest::default();
    for _ in 0..2 {
        assert_eq!(timelines.public(first, None).await.unwrap(), page(&["one", "two", "three"]));
        let seen = timelines.public(first, Some(id("bob"))).await.unwrap();
        let flags: Vec<_> = seen.viewers.unwrap().iter().map(|viewer| (viewer.liked, viewer.bookmarked)).collect();
        assert_eq!(flags, [(false, false), (true, false), (false, true)]);
    }
}

#[tokio::test]
async fn an_empty_page_loads_no_viewer_flags() {
    let mut loader = MockPostRepository::new();
    loader.expect_list_by_user().once().returning(|_, _, _| Ok(Some(page(&[]))));
    let viewers = Arc::new(MockPostViewers::new());
    let posts = CachedPosts::new(Arc::new(MockPostRepository::new()), Arc::new(loader), viewers, alone());
    for viewer in [None, Some(id("bob"))] {
        let seen = posts.list_by_user(&ada().into(), PageRequest::default(), viewer).await.unwrap();
        assert_eq!(seen, Some(page(&[])));
    }
}

#[tokio::test]
async fn a_post_is_loaded_once_and_shows_each_readers_flags() {
    let mut loader = MockPostRepository::new();
    loader.expect_find().once().returning(|_, _| Ok(Some(seen("hello"))));
    let inner = Arc::new(MockPostRepository::new());
    let posts = CachedPosts::new(inner, Arc::new(loader), flags_of_bob("hello", "other", 1), alone());
    assert_eq!(posts.find(id("hello"), None).await.unwrap(), Some(seen("hello")));
    let seen = posts.find(id("hello"), Some(id("bob"))).await.unwrap().unwrap();
    assert_eq!(seen.viewer, Some(PostViewer { liked: true, bookmarked: false }));
}

#[tokio::test]
async fn an_account_is_loaded_once_and_shows_each_readers_relations() {
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
async fn an_unavailable_loader_falls_back_to_inner() {
    let mut loader = MockPostRepository::new();
    loader.expect_find().times(4).returning(|_, _| unavailable());
    let mut inner = MockPostRepository::new();
    // An anonymous read queries `inner` once. A read by Bob queries it twice: first for the load that he cannot use,
    // then for himself.
    inner.expect_find().times(6).returning(|_, _| Ok(Some(seen("hello"))));
    let posts = CachedPosts::new(Arc::new(inner), Arc::new(loader), Arc::new(MockPostViewers::new()), alone());
    for viewer in [None, Some(id("bob")), None, Some(id("bob"))] {
        assert_eq!(posts.find(id("hello"), viewer).await.unwrap(), Some(seen("hello")));
    }
}

#[tokio::test]
async fn other_loader_failures_are_returned() {
    let mut loader = MockPostRepository::new();
    loader.expect_find().once().returning(|_, _| Err(RepositoryError::new("posts.find", "corrupt")));
    let inner = Arc::new(MockPostRepository::new());
    let posts = CachedPosts::new(inner, Arc::new(loader), Arc::new(MockPostViewers::new()), alone());
    assert!(!posts.find(id("hello"), None).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn an_overloaded_loader_has_no_fallback() {
    let mut loader = MockPostRepository::new();
    let too_much = || RepositoryError::overloaded("posts.find", Duration::from_secs(2), "full");
    loader.expect_find().once().returning(move |_, _| Err(too_much()));
    let inner = Arc::new(MockPostRepository::new());
    let posts = CachedPosts::new(inner, Arc::new(loader), Arc::new(MockPostViewers::new()), alone());
    assert!(posts.find(id("hello"), None).await.unwrap_err().is_overload());
}

#[tokio::test]
async fn an_absent_account_is_cached_until_sign_up() {
    let ada = a_user("ada").build();
    let mut loader = MockUserRepository::new();
    loader.expect_find().once().returning(|_, _| Ok(None));
    let found = ada.clone();
    loader.expect_find().once().returning(move |_, _| Ok(Some(Viewed::new(found.clone(), None))));
    let (cache, inner) = (alone(), Arc::new(MockUserRepository::new()));
    let users = CachedUsers::new(inner, Arc::new(loader), Arc::new(MockUserRelations::new()), cache.clone());
    let find = async || users.find(&named("ada"), None).await.unwrap().map(|user| user.subject);
    assert_eq!((find().await, find().await), (None, None));
    let signed_up = Fact::SignedUp { user: ada.id, username: ada.username.clone() };
    cache.committed(Some(ada.id), &[signed_up]).await;
    assert_eq!(find().await, Some(ada.into()));
}

#[tokio::test]
async fn absence_expires_by_its_own_ttl() {
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
