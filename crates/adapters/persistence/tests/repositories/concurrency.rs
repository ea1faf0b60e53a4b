//! After many concurrent writes every counter is exact, and no write was rejected.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::posts::ports::{BookmarkRepository, CommentRepository, Like, PostRepository};
use accounts::ports::{InsertUser, UserRepository};
use domain::{CommentId, PostId, RepositoryError, User, UserId};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use social::ports::FollowRepository;
use testkit::{NOW, a_comment, a_post, a_user, acting, id, on_both_databases};

use crate::scene::{Scene, any_names, hash_of};

on_both_databases![
    counters_are_exact_after_64_writers,
    one_of_32_sign_ups_gets_the_name,
    all_of_64_likes_are_counted,
    mutual_follows_do_not_deadlock,
];

const WRITERS: u64 = 64;
const WRITES_EACH: usize = 20;

/// What the writers can write about; some of it may be removed already.
#[derive(Default)]
struct Known {
    users: Vec<UserId>,
    posts: Vec<PostId>,
    comments: Vec<(PostId, CommentId)>,
}

struct Writer {
    scene: Arc<Scene>,
    known: Arc<Mutex<Known>>,
    random: StdRng,
    name: String,
    written: usize,
}

impl Writer {
    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A word that no other writer uses.
    fn word(&mut self) -> String {
        self.written += 1;
        format!("{}n{}", self.name, self.written)
    }

    fn user(&mut self) -> UserId {
        let users = self.known(|known| known.users.clone());
        *users.choose(&mut self.random).unwrap()
    }

    /// One of the newest posts: few enough for the writers to collide.
    fn post(&mut self) -> PostId {
        let posts = self.known(|known| known.posts.clone());
        let newest = posts.get(posts.len().saturating_sub(8)..).unwrap_or_default();
        *newest.choose(&mut self.random).unwrap()
    }

    fn comment(&mut self) -> Option<(PostId, CommentId)> {
        let comments = self.known(|known| known.comments.clone());
        let newest = comments.get(comments.len().saturating_sub(16)..).unwrap_or_default();
        newest.choose(&mut self.random).copied()
    }

    /// Does one random write.
    async fn write(&mut self) -> Result<(), RepositoryError> {
        let scene = Arc::clone(&self.scene);
        let (user, post, comment) = (self.user(), self.post(), self.comment());
        let at = NOW.after(Duration::from_micros(self.random.random_range(0..1000)));
        match (self.random.random_range(0..100_u8), comment) {
            (0..15, _) => {
                scene.posts.like(post, acting(user), at).await?;
            }
            (15..25, _) => {
                scene.posts.unlike(post, acting(user)).await?;
            }
            (25..35, Some((_, comment))) => {
                scene.comments.like(comment, acting(user), at).await?;
            }
            (35..40, Some((_, comment))) => {
                scene.comments.unlike(comment, acting(user)).await?;
            }
            (40..44, _) => {
                scene.bookmarks.add(post, acting(user), at).await?;
            }
            (44..46, _) => {
                scene.bookmarks.remove(post, acting(user)).await?;
            }
            (46..57, parent) => self.add_comment(user, parent).await?,
            (57..67, Some((_, comment))) => {
                scene.comments.delete(comment, acting(user), None).await?;
            }
            (67..77, _) => {
                let followee = self.user();
                if followee != user {
                    scene.follows.follow(acting(user), followee, at).await?;
                }
            }
            (77..83, _) => {
                let followee = self.user();
                scene.follows.unfollow(acting(user), followee).await?;
            }
            (83..97, _) => {
                let new = a_post(&self.word(), user).at(at).build();
                scene.posts.publish(&new, None).await?;
                self.known(|known| known.posts.push(new.id));
            }
            (97..99, _) => {
                scene.delete_post(user, post).await;
                self.known(|known| known.posts.retain(|known| *known != post));
            }
            (99.., _) => self.replace(user).await?,
            (_, None) => {}
        }
        Ok(())
    }

    /// Comments on a post, or replies to `parent`.
    async fn add_comment(&mut self, user: UserId, parent: Option<(PostId, CommentId)>) -> Result<(), RepositoryError> {
        let new = match parent {
            Some((post, parent)) if self.random.random_bool(0.7) => {
                a_comment(&self.word(), post, user).reply_to(parent).build()
            }
            _ => {
                let post = self.post();
                a_comment(&self.word(), post, user).build()
            }
        };
        self.scene.comments.add(&new, None).await?;
        self.known(|known| known.comments.push((new.post_id, new.id)));
        Ok(())
    }

    /// Erases an account, and creates another.
    async fn replace(&mut self, user: UserId) -> Result<(), RepositoryError> {
        self.scene.erase(user).await;
        let new = a_user(&self.word()).build();
        self.scene.users.insert(&new, &hash_of("new"), &any_names()).await?;
        self.scene.db.sign_in(new.id).await;
        self.known(|known| {
            known.users.retain(|known| *known != user);
            known.users.push(new.id);
        });
        Ok(())
    }
}

async fn counters_are_exact_after_64_writers(s: Scene) {
    let mut known = Known::default();
    for name in ["ada", "bob", "cyd", "dan", "eve", "fay"] {
        let user = s.user(name).await;
        let post = s.post(&format!("of{name}"), user).await;
        known.users.push(user);
        known.posts.push(post);
        known.comments.push((post, s.comment(&format!("by{name}"), post, user).await));
    }
    let (scene, known) = (Arc::new(s), Arc::new(Mutex::new(known)));
    let seed = std::env::var("TEST_SEED").map_or(42, |seed| seed.parse().unwrap());
    let writers = (0..WRITERS).map(|number| {
        let mut writer = Writer {
            scene: Arc::clone(&scene),
            known: Arc::clone(&known),
            random: StdRng::seed_from_u64(seed + number),
            name: format!("w{number}"),
            written: 0,
        };
        tokio::spawn(async move {
            for _ in 0..WRITES_EACH {
                writer.write().await.unwrap_or_else(|error| {
                    panic!("seed {seed}, writer {number}: {error}: {:?}", error.source);
                });
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    scene.remove_hidden().await;
    assert_eq!(scene.db.count("removals").await, 0, "seed {seed}");
    let contradictions = scene.db.contradictions().await;
    assert!(contradictions.is_empty(), "seed {seed}:\n{}", contradictions.join("\n"));
    let counted = scene.db.count("posts WHERE like_count > 0 OR comment_count > 0").await;
    assert!(counted > 0, "seed {seed}: nothing is left that was counted");
}

async fn one_of_32_sign_ups_gets_the_name(s: Scene) {
    let s = Arc::new(s);
    let outcomes = join_all((0..32).map(|number| {
        let s = Arc::clone(&s);
        let user = User { id: id(&format!("number{number}")), ..a_user("ada").build() };
        tokio::spawn(async move { s.users.insert(&user, &hash_of("ada"), &any_names()).await.unwrap() })
    }))
    .await;
    let created = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == InsertUser::Created).count();
    assert_eq!((created, s.db.count("users").await), (1, 1));
}

async fn all_of_64_likes_are_counted(s: Scene) {
    let ada = s.user("ada").await;
    let post = s.post("post", ada).await;
    let mut users = Vec::new();
    for number in 0..64 {
        users.push(s.user(&format!("user_{number}")).await);
    }
    let s = Arc::new(s);
    let likes = join_all(users.into_iter().map(|user| {
        let s = Arc::clone(&s);
        tokio::spawn(async move { s.posts.like(post, acting(user), NOW).await.unwrap() })
    }))
    .await;
    assert!(likes.into_iter().all(|like| like.unwrap() == Like::Given));
    assert_eq!(s.find_post(post).await.unwrap().like_count, 64);
    s.db.assert_counters_exact().await;
}

async fn mutual_follows_do_not_deadlock(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let s = Arc::new(s);
    let writers = [(ada, bob), (bob, ada)].map(|(follower, followee)| {
        let s = Arc::clone(&s);
        tokio::spawn(async move {
            for _ in 0..25 {
                s.follow(follower, followee).await;
                s.follows.unfollow(acting(follower), followee).await.unwrap();
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    s.db.assert_counters_exact().await;
}
