//! Loads a world into a database.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::{Duration, Instant};

use accounts::ports::{PasswordHash, PasswordHasher as _};
use anyhow::Context as _;
use database::Database;
use domain::{Password, Timestamp};
use futures_util::{StreamExt as _, stream};
use persistence::bulk::{
    BookmarkRow, BulkLoader, CommentLikeRow, CommentRow, FollowRow, Loaded, PostLikeRow, PostRow, UserRow,
};
use rand::distr::{Alphanumeric, SampleString as _};
use security::{Argon2Hasher, HashingCost, HashingLimits};

use crate::progress::Progress;
use crate::test_users::{self, PASSWORD, TEST_USERS};
use crate::world::{Numbers, Period, World};

/// Rows per statement. SQLite rewrites much of its indexes with every batch, so small batches are slow. A batch of
/// this size takes SQLite some tenths of a second, during which a writing server must wait.
const BATCH: usize = 10_000;

/// What to load.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The numbers of rows.
    pub numbers: Numbers,
    pub random_seed: u64,
    /// Whether to remove all data first.
    pub reset: bool,
    /// The current time, at which a new world ends; see [`fill`].
    pub now: Timestamp,
    /// The cost of hashing passwords.
    pub hashing: HashingCost,
    /// Whether to omit progress messages.
    pub quiet: bool,
}

/// The result of [`fill`].
#[derive(Debug)]
pub struct Report {
    /// Counts of rows by kind.
    pub loaded: Vec<(&'static str, Loaded)>,
    /// Rows whose counters had to be corrected, because they were wrong or rows were skipped.
    pub recounted: u64,
    /// Test users that can log in: all whose names were not taken by other accounts.
    pub test_users: Vec<&'static str>,
    /// Duration of the whole run.
    pub took: Duration,
}

/// Migrates `database` and loads the world that `order` describes.
///
/// The world starts when its first test user joined. A database with that user gets the same world again, including
/// times. Any other database gets a world that ends at `order.now`.
///
/// # Errors
/// If the database fails. Loaded rows stay, and another call continues from there.
pub async fn fill(database: &Database, order: &Order) -> anyhow::Result<Report> {
    let began = Instant::now();
    persistence::migrate(database).await?;
    let loader = BulkLoader::new(database.clone());
    if order.reset {
        waiting("removal of old data", order.quiet, loader.clear()).await?;
    }
    let world = World::generate(order.random_seed, &order.numbers, period(&loader, order.now).await?)?;
    let passwords = Passwords::hash(order.hashing).await?;
    let filling = Filling { world: &world, loader: &loader, passwords, quiet: order.quiet };
    let loaded = filling.run().await?;
    let recounted = waiting("counters", order.quiet, loader.recount()).await?;
    waiting("statistics", order.quiet, loader.analyze()).await?;
    let test_users = test_users_there(&loader).await?;
    Ok(Report { loaded, recounted, test_users, took: began.elapsed() })
}

/// Runs `work` of unknown duration with a spinner.
async fn waiting<T, E>(what: &'static str, quiet: bool, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let progress = Progress::wait(what, quiet);
    let result = work.await?;
    progress.done();
    Ok(result)
}

async fn period(loader: &BulkLoader, now: Timestamp) -> anyhow::Result<Period> {
    let [first, ..] = test_users::ids();
    let joined = loader.joined(&[first]).await?;
    Ok(joined.first().map_or_else(|| Period::until(now), |(_, at)| Period::from(*at)))
}

async fn test_users_there(loader: &BulkLoader) -> anyhow::Result<Vec<&'static str>> {
    let ids = test_users::ids();
    let there = loader.joined(&ids).await?;
    let is_there = |id| there.iter().any(|(other, _)| *other == id);
    Ok(TEST_USERS.iter().zip(ids).filter(|(_, id)| is_there(*id)).map(|(user, _)| user.username).collect())
}

/// Hashing is slow, so there are two hashes only: one of the published password, and one of an unknown password.
struct Passwords {
    known: PasswordHash,
    unknown: PasswordHash,
}

impl Passwords {
    async fn hash(cost: HashingCost) -> anyhow::Result<Self> {
        let hasher = Argon2Hasher::new(cost, HashingLimits::for_cores(NonZeroUsize::MIN));
        let known = Password::parse(PASSWORD)?;
        // Independent of the random seed, which is public.
        let unknown = Password::parse(&Alphanumeric.sample_string(&mut rand::rng(), 64))?;
        Ok(Self { known: hasher.hash(&known).await?, unknown: hasher.hash(&unknown).await? })
    }
}

struct Filling<'a> {
    world: &'a World,
    loader: &'a BulkLoader,
    passwords: Passwords,
    quiet: bool,
}

impl Filling<'_> {
    async fn run(&self) -> anyhow::Result<Vec<(&'static str, Loaded)>> {
        let world = self.world;
        Ok(vec![
            ("users", self.load("users", world.users.len(), |range| self.users(range)).await?),
            ("posts", self.load("posts", world.posts.len(), |range| self.posts(range)).await?),
            ("comments", self.comments().await?),
            ("follows", self.load("follows", world.follows.len(), |range| self.follows(range)).await?),
            ("likes of posts", self.load("likes of posts", world.post_likes.len(), |r| self.post_likes(r)).await?),
            (
                "likes of comments",
                self.load("likes of comments", world.comment_likes.len(), |r| self.comment_likes(r)).await?,
            ),
            ("bookmarks", self.load("bookmarks", world.bookmarks.len(), |range| self.bookmarks(range)).await?),
        ])
    }

    async fn load<F: Future<Output = anyhow::Result<Loaded>>>(
        &self,
        what: &'static str,
        number: usize,
        load: impl Fn(Range<usize>) -> F,
    ) -> anyhow::Result<Loaded> {
        let progress = Progress::begin(what, number, self.quiet);
        let loaded = self.load_batches(&progress, number, load).await.with_context(|| format!("cannot load {what}"))?;
        progress.end(loaded);
        Ok(loaded)
    }

    /// Loads comments by depth, so that parents exist before their replies.
    async fn comments(&self) -> anyhow::Result<Loaded> {
        let progress = Progress::begin("comments", self.world.comments.len(), self.quiet);
        let mut loaded = Loaded::default();
        for round in self.world.comments_by_depth() {
            let load = |range: Range<usize>| self.comments_of(&round[range]);
            loaded += self.load_batches(&progress, round.len(), load).await.context("cannot load comments")?;
        }
        progress.end(loaded);
        Ok(loaded)
    }

    async fn load_batches<F: Future<Output = anyhow::Result<Loaded>>>(
        &self,
        progress: &Progress,
        number: usize,
        load: impl Fn(Range<usize>) -> F,
    ) -> anyhow::Result<Loaded> {
        let batches = (0..number).step_by(BATCH).map(|start| load(start..number.min(start + BATCH)));
        let mut batches = stream::iter(batches).buffer_unordered(self.loader.batches_at_once());
        let mut loaded = Loaded::default();
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            loaded += batch;
            progress.advance(batch.total());
        }
        Ok(loaded)
    }

    async fn users(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let offset = range.start;
        let row = |(place, user): (usize, &crate::world::User)| {
            let knows = offset + place < TEST_USERS.len();
            UserRow {
                id: user.id,
                username: user.username.clone(),
                display_name: user.display_name.clone(),
                bio: user.bio.clone(),
                password: if knows { self.passwords.known.clone() } else { self.passwords.unknown.clone() },
                created_at: user.created_at,
                post_count: user.post_count,
                follower_count: user.follower_count,
                following_count: user.following_count,
            }
        };
        let rows: Vec<_> = self.world.users[range].iter().enumerate().map(row).collect();
        Ok(self.loader.users(&rows).await?)
    }

    async fn posts(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let world = self.world;
        let row = |place: usize| {
            let post = &world.posts[place];
            anyhow::Ok(PostRow {
                id: post.id,
                author_id: world.users[post.author].id,
                content: world.post_content(place)?,
                created_at: post.created_at,
                like_count: post.like_count,
                comment_count: post.comment_count,
            })
        };
        let rows = range.map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(self.loader.posts(&rows).await?)
    }

    async fn comments_of(&self, places: &[usize]) -> anyhow::Result<Loaded> {
        let world = self.world;
        let row = |place: &usize| {
            let comment = &world.comments[*place];
            anyhow::Ok(CommentRow {
                id: comment.id,
                post_id: world.posts[comment.post].id,
                parent_id: comment.parent.map(|parent| world.comments[parent].id),
                author_id: world.users[comment.author].id,
                content: world.comment_content(*place)?,
                created_at: comment.created_at,
                like_count: comment.like_count,
                reply_count: comment.reply_count,
            })
        };
        let rows = places.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(self.loader.comments(&rows).await?)
    }

    async fn follows(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let users = &self.world.users;
        let row = |follow: &crate::world::Follow| FollowRow {
            follower_id: users[follow.follower].id,
            followee_id: users[follow.followee].id,
            created_at: follow.created_at,
        };
        let rows: Vec<_> = self.world.follows[range].iter().map(row).collect();
        Ok(self.loader.follows(&rows).await?)
    }

    async fn post_likes(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let world = self.world;
        let row = |like: &crate::world::Like| PostLikeRow {
            post_id: world.posts[like.item].id,
            user_id: world.users[like.user].id,
            created_at: like.created_at,
        };
        let rows: Vec<_> = world.post_likes[range].iter().map(row).collect();
        Ok(self.loader.post_likes(&rows).await?)
    }

    async fn comment_likes(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let world = self.world;
        let row = |like: &crate::world::Like| CommentLikeRow {
            comment_id: world.comments[like.item].id,
            user_id: world.users[like.user].id,
            created_at: like.created_at,
        };
        let rows: Vec<_> = world.comment_likes[range].iter().map(row).collect();
        Ok(self.loader.comment_likes(&rows).await?)
    }

    async fn bookmarks(&self, range: Range<usize>) -> anyhow::Result<Loaded> {
        let world = self.world;
        let row = |bookmark: &crate::world::Bookmark| BookmarkRow {
            user_id: world.users[bookmark.user].id,
            post_id: world.posts[bookmark.post].id,
            bookmarked_at: bookmark.bookmarked_at,
        };
        let rows: Vec<_> = world.bookmarks[range].iter().map(row).collect();
        Ok(self.loader.bookmarks(&rows).await?)
    }
}
