//! Walks over every list during concurrent writes. Rows that stay are seen once and in order, up to the end of the
//! list.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ::posts::ports::{BookmarkRepository, CommentRepository, PostRepository, Thread};
use accounts::ports::{NewRefreshToken, RefreshTokenHash, SessionRepository, UserRepository};
use domain::{CommentId, Cuid, Page, PageRequest, PostId, RepositoryError, Session, Timestamp, User, UserId};
use feed::ports::TimelineRepository;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use social::ports::{FollowRepository, Relation};
use testkit::operations::{Operation, assert_complete, committed_operations};
use testkit::{NOW, a_comment, a_post, a_user, acting, id, on_both_databases};

use crate::scene::{Scene, any_names, hash_of, page, views};

/// Makes a test of each list, with the operation that returns it. Every page of the OpenAPI document has one.
macro_rules! walks_through {
    ($($test:ident = $list:ident of $operation:literal),+ $(,)?) => {
        on_both_databases![$($test),+];

        $(
            async fn $test(s: Scene) {
                walks(s, List::$list).await;
            }
        )+

        #[test]
        fn every_page_is_walked_through() {
            let pages = committed_operations().into_iter().filter(Operation::is_page);
            assert_complete(pages, [$($operation),+], "its list to `walks_through!`");
        }
    };
}

walks_through![
    public_feed = Public of "publicFeed",
    home_timeline = Home of "homeTimeline",
    posts_of_a_user = OfUser of "listUserPosts",
    comments_of_a_post = Comments of "listComments",
    replies_to_a_comment = Replies of "listReplies",
    likes_of_a_post = Likes of "listPostLikes",
    bookmarks = Bookmarks of "listBookmarks",
    followers = Followers of "listFollowers",
    following = Following of "listFollowing",
    users = Users of "listUsers",
    sessions = Sessions of "listSessions",
];

/// Rows that stay, and as many rows that come and go meanwhile.
const ROWS: usize = 40;
/// Walks over each list.
const WALKS: u64 = 4;

#[derive(Debug, Clone, Copy)]
enum List {
    Public,
    Home,
    OfUser,
    Comments,
    Replies,
    Likes,
    Bookmarks,
    Followers,
    Following,
    Users,
    Sessions,
}

/// The owners of the lists.
const ADA: &str = "ada";
const POST: &str = "post";
const COMMENT: &str = "comment";

fn ada() -> UserId {
    id(ADA)
}

fn post() -> PostId {
    id(POST)
}

fn comment() -> CommentId {
    id(COMMENT)
}

impl List {
    /// A page, as the repository returns it.
    async fn read(self, s: &Scene, page: PageRequest) -> Result<Page<Cuid>, RepositoryError> {
        Ok(match self {
            Self::Public => views(s.timelines.public(page, None).await?).map(|post| post.subject.id.cuid()),
            Self::Home => views(s.timelines.home(ada(), page).await?).map(|post| post.subject.id.cuid()),
            Self::OfUser => {
                let posts = s.posts.list_by_user(&ada().into(), page, None).await?;
                views(posts.unwrap()).map(|post| post.subject.id.cuid())
            }
            Self::Comments => {
                let comments = s.comments.list(Thread::Post(post()), page, None).await?;
                comments.unwrap().map(|comment| comment.subject.id.cuid())
            }
            Self::Replies => {
                let comments = s.comments.list(Thread::Replies(comment()), page, None).await?;
                comments.unwrap().map(|comment| comment.subject.id.cuid())
            }
            Self::Likes => {
                let users = s.posts.list_likes(post(), page, None).await?;
                users.unwrap().map(|user| user.subject.id.cuid())
            }
            Self::Bookmarks => s.bookmarks.list(ada(), page).await?.map(|bookmark| bookmark.post.subject.id.cuid()),
            Self::Followers => {
                let users = s.follows.list(&ada().into(), Relation::Followers, page, None).await?;
                users.unwrap().map(|user| user.subject.id.cuid())
            }
            Self::Following => {
                let users = s.follows.list(&ada().into(), Relation::Following, page, None).await?;
                users.unwrap().map(|user| user.subject.id.cuid())
            }
            Self::Users => s.users.list(page, None).await?.map(|user| user.subject.id.cuid()),
            Self::Sessions => s.sessions.list(ada(), page).await?.map(|view| view.session.id.cuid()),
        })
    }

    /// All rows of the list in order, in plain SQL.
    fn oracle(self) -> String {
        let (ada, post, comment) = (ada(), post(), comment());
        match self {
            Self::Public => "SELECT id FROM posts ORDER BY created_at DESC, id DESC".to_owned(),
            Self::Home => format!(
                "SELECT id FROM posts WHERE author_id = '{ada}'
                 OR author_id IN (SELECT followee_id FROM follows WHERE follower_id = '{ada}')
                 ORDER BY created_at DESC, id DESC"
            ),
            Self::OfUser => {
                format!("SELECT id FROM posts WHERE author_id = '{ada}' ORDER BY created_at DESC, id DESC")
            }
            Self::Comments => format!(
                "SELECT id FROM comments WHERE post_id = '{post}' AND parent_id IS NULL ORDER BY created_at, id"
            ),
            Self::Replies => {
                format!("SELECT id FROM comments WHERE parent_id = '{comment}' ORDER BY created_at, id")
            }
            Self::Likes => format!(
                "SELECT user_id FROM post_likes WHERE post_id = '{post}' ORDER BY created_at DESC, user_id DESC"
            ),
            Self::Bookmarks => format!(
                "SELECT post_id FROM bookmarks WHERE user_id = '{ada}' ORDER BY bookmarked_at DESC, post_id DESC"
            ),
            Self::Followers => format!(
                "SELECT follower_id FROM follows WHERE followee_id = '{ada}' \
                 ORDER BY created_at DESC, follower_id DESC"
            ),
            Self::Following => format!(
                "SELECT followee_id FROM follows WHERE follower_id = '{ada}' \
                 ORDER BY created_at DESC, followee_id DESC"
            ),
            Self::Users => "SELECT id FROM users ORDER BY created_at DESC, id DESC".to_owned(),
            Self::Sessions => {
                format!("SELECT id FROM sessions WHERE user_id = '{ada}' ORDER BY created_at DESC, id DESC")
            }
        }
    }

    /// Adds a row to the list.
    async fn insert(self, s: &Scene, row: Row) -> Result<(), RepositoryError> {
        let Row { id, at } = row;
        match self {
            Self::Public | Self::Home | Self::OfUser => {
                let author = if matches!(self, Self::Home) { row.author() } else { ada() };
                s.posts.publish(&a_post("text", author).id(id.into()).at(at).build(), None).await?;
            }
            Self::Comments => {
                let new = a_comment("text", post(), ada()).id(id.into()).at(at).build();
                s.comments.add(&new, None).await?;
            }
            Self::Replies => {
                let new = a_comment("text", post(), ada()).id(id.into()).at(at).reply_to(comment()).build();
                s.comments.add(&new, None).await?;
            }
            Self::Likes => {
                s.posts.like(post(), acting(id.into()), at).await?;
            }
            Self::Bookmarks => {
                s.bookmarks.add(id.into(), acting(ada()), at).await?;
            }
            Self::Followers => {
                s.follows.follow(acting(id.into()), ada(), at).await?;
            }
            Self::Following => {
                s.follows.follow(acting(ada()), id.into(), at).await?;
            }
            Self::Users => {
                s.users.insert(&row.user(), &hash_of("x"), &any_names()).await?;
                s.db.sign_in(row.id.into()).await;
            }
            Self::Sessions => {
                let session = Session { id: id.into(), user_id: ada(), created_at: at, user_agent: None };
                s.sessions.open(&session, &new_token(at), &hash_of(ADA).into()).await?;
            }
        }
        Ok(())
    }

    /// Removes a row from the list.
    async fn remove(self, s: &Scene, row: Row) -> Result<(), RepositoryError> {
        match self {
            Self::Public | Self::Home | Self::OfUser => {
                s.delete_post(ada(), row.id.into()).await;
            }
            Self::Comments | Self::Replies => {
                s.comments.delete(row.id.into(), acting(id("ada")), None).await?;
            }
            Self::Likes => {
                s.posts.unlike(post(), acting(row.id.into())).await?;
            }
            Self::Bookmarks => {
                s.bookmarks.remove(row.id.into(), acting(ada())).await?;
            }
            Self::Followers => drop(s.follows.unfollow(acting(row.id.into()), ada()).await?),
            Self::Following => drop(s.follows.unfollow(acting(ada()), row.id.into()).await?),
            Self::Users => {
                s.erase(row.id.into()).await;
                // The row may come back, with the same session.
                s.db.execute("DELETE FROM ended_sessions").await;
            }
            Self::Sessions => {
                s.sessions.close(acting(ada()), row.id.into()).await?;
                s.db.execute("DELETE FROM ended_sessions").await;
            }
        }
        Ok(())
    }

    /// Whether the rows are users that must exist before they can be in the list.
    fn is_of_users(self) -> bool {
        matches!(self, Self::Likes | Self::Followers | Self::Following)
    }
}

/// A token that no session had before.
fn new_token(at: Timestamp) -> NewRefreshToken {
    static TOKENS: AtomicU64 = AtomicU64::new(0);
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&TOKENS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    NewRefreshToken { hash: RefreshTokenHash(hash), created_at: at, expires_at: at.after(Duration::from_hours(1)) }
}

/// The users that ada follows: more than the posts of a small page.
const FOLLOWED: [&str; 9] = ["bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy", "joe"];

/// A row of a list. Its id is independent of its time.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: Cuid,
    at: Timestamp,
}

impl Row {
    /// One of the followed users, or ada.
    fn author(self) -> UserId {
        let number = self.id.as_str().bytes().map(usize::from).sum::<usize>() % (FOLLOWED.len() + 1);
        FOLLOWED.get(number).map_or_else(ada, |name| id(name))
    }

    fn random(random: &mut StdRng) -> Self {
        let rest: String = (0..23).map(|_| char::from_digit(random.random_range(0..36), 36).unwrap()).collect();
        // Few times for many rows, so most rows share a time with others.
        let at = NOW.after(Duration::from_micros(random.random_range(0..5)));
        Self { id: Cuid::parse(&format!("r{rest}")).unwrap(), at }
    }

    fn user(&self) -> User {
        User { id: self.id.into(), ..a_user(self.id.as_str()).at(self.at).build() }
    }
}

/// Walks over the whole list in pages of random size. Returns the ids it saw.
async fn walk(s: &Scene, list: List, random: &mut StdRng) -> Vec<Cuid> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let size = random.random_range(1..=7);
        let part = list.read(s, page(size, after)).await.unwrap();
        assert!(part.items.len() <= usize::from(size));
        assert!(part.next.is_none() || part.items.len() == usize::from(size), "a page that goes on is full");
        seen.extend(part.items);
        after = part.next;
        if after.is_none() {
            return seen;
        }
    }
}

/// Adds and removes rows in random order, until `stop` is set.
async fn disturb(s: Arc<Scene>, list: List, rows: Vec<Row>, stop: Arc<AtomicBool>, mut random: StdRng) -> usize {
    let mut there = vec![false; rows.len()];
    let mut changes = 0;
    while !stop.load(Ordering::Relaxed) {
        let index = random.random_range(0..rows.len());
        if there[index] {
            list.remove(&s, rows[index]).await.unwrap();
        } else {
            list.insert(&s, rows[index]).await.unwrap();
        }
        there[index] = !there[index];
        changes += 1;
    }
    changes
}

async fn walks(s: Scene, list: List) {
    let seed = 7;
    let mut random = StdRng::seed_from_u64(seed);
    s.user(ADA).await;
    s.post(POST, ada()).await;
    s.comment(COMMENT, post(), ada()).await;
    if matches!(list, List::Home) {
        for name in FOLLOWED {
            let followed = s.user(name).await;
            s.follow(ada(), followed).await;
        }
    }
    let mut rows: Vec<Row> = (0..2 * ROWS).map(|_| Row::random(&mut random)).collect();
    if list.is_of_users() {
        for row in &rows {
            s.users.insert(&row.user(), &hash_of("x"), &any_names()).await.unwrap();
            s.db.sign_in(row.id.into()).await;
        }
    }
    if matches!(list, List::Bookmarks) {
        for row in &rows {
            s.posts.publish(&a_post("text", ada()).id(row.id.into()).build(), None).await.unwrap();
        }
    }
    let passing = rows.split_off(ROWS);
    for row in &rows {
        list.insert(&s, *row).await.unwrap();
    }
    let throughout = s.db.texts(&list.oracle()).await;

    let (s, stop) = (Arc::new(s), Arc::new(AtomicBool::new(false)));
    let disturbing =
        tokio::spawn(disturb(Arc::clone(&s), list, passing, Arc::clone(&stop), StdRng::seed_from_u64(seed + 1)));
    for number in 0..WALKS {
        let seen = walk(&s, list, &mut random).await;
        let distinct: HashSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{list:?}, seed {seed}, walk {number}: something was shown twice");
        let of_those: Vec<_> = seen.iter().map(Cuid::to_string).filter(|id| throughout.contains(id)).collect();
        assert_eq!(of_those, throughout, "{list:?}, seed {seed}, walk {number}: skipped or out of order");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(disturbing.await.unwrap() > 0, "nothing was disturbed");

    let all = s.db.texts(&list.oracle()).await;
    for number in 0..WALKS {
        let seen: Vec<_> = walk(&s, list, &mut random).await.iter().map(Cuid::to_string).collect();
        assert_eq!(seen, all, "{list:?}, seed {seed}, quiet walk {number}");
    }
    for size in [all.len() - 1, all.len(), all.len() + 1] {
        let first = list.read(&s, page(u8::try_from(size).unwrap(), None)).await.unwrap();
        assert_eq!(first.next.is_some(), size < all.len(), "{list:?}: {size} of {}", all.len());
    }
}
