//! A database with all repositories, and helpers that fill it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::posts::ports::{
    AddBookmark, AddCommentOutcome, BookmarkRepository, Change, CommentRepository, Like, PostRepository, Write,
};
use ::posts::{Fingerprint, IdempotentRequest, REPLAY_WINDOW};
use accounts::ports::{EraseUser, InsertUser, KeptName, NameHash, NameHashes, PasswordHash, UserRepository};
use domain::{
    Comment, CommentId, Cursor, IdempotencyKey, Page, PageRequest, PageSize, Post, PostId, PostPage, PostView,
    Timestamp, User, UserId,
};
use persistence::{
    SeaBookmarkRepository, SeaCommentRepository, SeaEndedSessions, SeaFollowRepository, SeaIdempotencyKeyRepository,
    SeaKeptNameRepository, SeaPostRepository, SeaRemovalRepository, SeaSessionRepository, SeaTimelineRepository,
    SeaUserRepository,
};
use removals::CarryOut;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use social::ports::{Follow, FollowRepository};
use testkit::{FixedClock, TestDatabase, a_comment, a_post, a_user, acting};

pub(crate) struct Scene {
    pub(crate) users: SeaUserRepository,
    pub(crate) sessions: SeaSessionRepository,
    pub(crate) ended: SeaEndedSessions,
    pub(crate) posts: SeaPostRepository,
    pub(crate) comments: SeaCommentRepository,
    pub(crate) bookmarks: SeaBookmarkRepository,
    pub(crate) keys: SeaIdempotencyKeyRepository,
    pub(crate) kept_names: SeaKeptNameRepository,
    pub(crate) follows: SeaFollowRepository,
    pub(crate) timelines: SeaTimelineRepository,
    pub(crate) removals: Arc<SeaRemovalRepository>,
    clock: FixedClock,
    // Dropped last: after that the next test may use the database.
    pub(crate) db: TestDatabase,
}

impl From<TestDatabase> for Scene {
    fn from(db: TestDatabase) -> Self {
        Self {
            users: SeaUserRepository::new(db.database()),
            sessions: SeaSessionRepository::new(db.database()),
            ended: SeaEndedSessions::new(db.database()),
            posts: SeaPostRepository::new(db.database()),
            comments: SeaCommentRepository::new(db.database()),
            bookmarks: SeaBookmarkRepository::new(db.database()),
            keys: SeaIdempotencyKeyRepository::new(db.database()),
            kept_names: SeaKeptNameRepository::new(db.database()),
            follows: SeaFollowRepository::new(db.database()),
            timelines: SeaTimelineRepository::new(db.database()),
            removals: Arc::new(SeaRemovalRepository::new(db.database())),
            clock: FixedClock::default(),
            db,
        }
    }
}

/// Hashes of a name that was never used.
pub(crate) fn any_names() -> NameHashes {
    NameHashes { current: NameHash([0; 32]), older: Vec::new() }
}

/// A name that is free at once.
pub(crate) fn not_kept() -> KeptName {
    KeptName { hash: NameHash([0; 32]), until: Timestamp::from_micros(0) }
}

impl Scene {
    /// The current time, a second later at every call: rows that are stored later are newer.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.advance(Duration::from_secs(1))
    }

    /// A stored account, signed in with the session that it is [`acting`] in. Its password hash is [`hash_of`] its
    /// name.
    pub(crate) async fn user(&self, name: &str) -> UserId {
        let user = self.account(name).await;
        self.db.sign_in(user).await;
        user
    }

    /// Like [`Scene::user`], but not signed in.
    pub(crate) async fn account(&self, name: &str) -> UserId {
        let user = a_user(name).at(self.now()).build();
        assert_eq!(self.users.insert(&user, &hash_of(name), &any_names()).await.unwrap(), InsertUser::Created);
        user.id
    }

    /// The hash that a user's password is verified against.
    pub(crate) async fn verified(&self, user: UserId) -> PasswordHash {
        let credentials = self.users.find_credentials(&user.into()).await.unwrap();
        credentials.map_or_else(|| hash_of("nobody"), |credentials| credentials.password)
    }

    /// Erases an account, and removes its rows.
    pub(crate) async fn erase(&self, user: UserId) -> EraseUser {
        let verified = self.verified(user).await;
        let erased = self.users.erase(acting(user), &verified.clone().into(), &not_kept()).await.unwrap();
        self.remove_hidden().await;
        erased
    }

    /// Deletes a post in the session that `by` is [`acting`] in, and removes its rows.
    pub(crate) async fn delete_post(&self, by: UserId, post: PostId) -> Change<()> {
        let deleted = self.posts.delete(post, acting(by), None).await.unwrap();
        self.remove_hidden().await;
        deleted
    }

    /// Removes the rows of everything hidden, except removals that another remover holds.
    pub(crate) async fn remove_hidden(&self) {
        let carry_out = CarryOut::new(Arc::clone(&self.removals) as _);
        for removal in carry_out.pending(None, u16::MAX).await.unwrap() {
            carry_out.execute(removal).await.unwrap();
        }
    }

    pub(crate) async fn post(&self, word: &str, author: UserId) -> PostId {
        let post = a_post(word, author).at(self.now()).build();
        assert!(matches!(self.posts.publish(&post, None).await.unwrap(), Write::Stored(_)));
        post.id
    }

    pub(crate) async fn comment(&self, word: &str, post: PostId, author: UserId) -> CommentId {
        self.add(a_comment(word, post, author)).await
    }

    pub(crate) async fn reply(&self, word: &str, parent: CommentId, post: PostId, author: UserId) -> CommentId {
        self.add(a_comment(word, post, author).reply_to(parent)).await
    }

    async fn add(&self, comment: testkit::CommentBuilder) -> CommentId {
        let comment = comment.at(self.now()).build();
        let added = self.comments.add(&comment, None).await.unwrap();
        assert!(matches!(added, AddCommentOutcome::Write(Write::Stored(_))), "{added:?}");
        comment.id
    }

    /// Stores a thread of `depth` replies, each to the one before. Uses SQL, as the port would take long.
    pub(crate) async fn deep_thread(&self, post: PostId, author: UserId, depth: usize) {
        let name = |level: usize| format!("d{level:023}");
        let rows: Vec<String> = (0..depth)
            .map(|level| {
                let parent = if level == 0 { "NULL".to_owned() } else { format!("'{}'", name(level - 1)) };
                let replies = usize::from(level + 1 < depth);
                format!("('{}', '{post}', {parent}, '{author}', 'deeper', {level}, {replies})", name(level))
            })
            .collect();
        let columns = "id, post_id, parent_id, author_id, content, created_at, reply_count";
        self.db.execute(&format!("INSERT INTO comments ({columns}) VALUES {}", rows.join(", "))).await;
        self.db.execute(&format!("UPDATE posts SET comment_count = {depth} WHERE id = '{post}'")).await;
    }

    pub(crate) async fn like_post(&self, post: PostId, user: UserId) {
        assert!(matches!(self.posts.like(post, acting(user), self.now()).await.unwrap(), Like::Given | Like::Already));
    }

    pub(crate) async fn like_comment(&self, comment: CommentId, user: UserId) {
        assert!(matches!(
            self.comments.like(comment, acting(user), self.now()).await.unwrap(),
            Like::Given | Like::Already
        ));
    }

    pub(crate) async fn bookmark(&self, post: PostId, user: UserId) {
        assert!(matches!(
            self.bookmarks.add(post, acting(user), self.now()).await.unwrap(),
            AddBookmark::Added | AddBookmark::Already
        ));
    }

    pub(crate) async fn follow(&self, follower: UserId, followee: UserId) {
        assert!(matches!(
            self.follows.follow(acting(follower), followee, self.now()).await.unwrap(),
            Follow::Begun | Follow::Already
        ));
    }

    pub(crate) async fn find_user(&self, id: UserId) -> Option<User> {
        self.users.find(&id.into(), None).await.unwrap().map(|user| (*user.subject).clone())
    }

    pub(crate) async fn find_post(&self, id: PostId) -> Option<Post> {
        self.posts.find(id, None).await.unwrap().map(|post| (*post.subject).clone())
    }

    pub(crate) async fn find_comment(&self, id: CommentId) -> Option<Comment> {
        self.comments.find(id, None).await.unwrap().map(|comment| comment.subject)
    }
}

/// A password hash made from `word`.
pub(crate) fn hash_of(word: &str) -> PasswordHash {
    PasswordHash(format!("$hash${word}"))
}

/// A request with `key`, whose content is identified by `wish`, sent at `now`.
pub(crate) fn request(key: &str, wish: u8, now: Timestamp) -> IdempotentRequest {
    IdempotentRequest {
        key: IdempotencyKey::parse(key).unwrap(),
        fingerprint: Fingerprint([wish; 32]),
        remembered_since: now.before(REPLAY_WINDOW),
    }
}

/// Returns once `many` connections wait for locks in the database of `holder`, a transaction that holds some.
pub(crate) async fn until_waiting(holder: &DatabaseTransaction, many: i64) {
    // `pg_stat_activity` keeps its first snapshot within a transaction, so it cannot be used here.
    let waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks \
                   WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    let waiting = Statement::from_string(DbBackend::Postgres, waiting);
    let begun = Instant::now();
    loop {
        let row = holder.query_one_raw(waiting.clone()).await.unwrap().unwrap();
        let count: i64 = row.try_get_by_index(0).unwrap();
        if count >= many {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{count} wait, not {many}");
    }
}

/// The page of `size` items after a position.
pub(crate) fn page(size: u8, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::new(size).unwrap(), after }
}

/// The first page of the default size.
pub(crate) fn first_page() -> PageRequest {
    PageRequest::default()
}

/// A page of posts, each with the reader's own flags.
#[expect(clippy::needless_pass_by_value, reason = "it takes what a port has just given")]
pub(crate) fn views(page: PostPage) -> Page<PostView> {
    let posts = page.page.items.iter().cloned().enumerate();
    let view = |(number, post)| PostView::new(post, page.viewers.as_ref().map(|viewers| viewers[number]));
    Page { items: posts.map(view).collect(), next: page.page.next }
}

/// The `key` of each item of a page.
pub(crate) fn each<T, K>(page: &Page<T>, key: impl Fn(&T) -> K) -> Vec<K> {
    page.items.iter().map(key).collect()
}
