//! How many statements and transactions each port method may take: as many for a full page as for one row.

use ::posts::ports::{BookmarkRepository, CommentRepository, Edit, IdempotencyKeyRepository, PostRepository, Thread};
use accounts::ports::{PasswordChange, ProfileChanges, SessionRepository, UserRepository};
use domain::{CommentId, Content, PostId, Principal, Session, UserId, UserRef, Username};
use feed::ports::TimelineRepository;
use social::ports::{FollowRepository, Relation};
use testkit::{NOW, a_comment, a_post, a_user, acting, id, on_both_databases};

use crate::scene::{Scene, any_names, first_page, hash_of, not_kept, request};
use crate::sessions::{rotation, token};

on_both_databases![one_thing_takes_one_statement, a_list_takes_at_most_two, a_write_takes_one_transaction];

/// Stores a few rows of each kind.
async fn fill(s: &Scene) -> (UserId, PostId, CommentId) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    s.follow(ada, bob).await;
    s.follow(bob, ada).await;
    let post = s.post("post", bob).await;
    let top = s.comment("top", post, bob).await;
    for number in 0..5 {
        s.post(&format!("post{number}"), bob).await;
        s.comment(&format!("top{number}"), post, bob).await;
        s.reply(&format!("reply{number}"), top, post, ada).await;
    }
    s.like_post(post, bob).await;
    s.bookmark(post, ada).await;
    (ada, post, top)
}

/// What was executed since the log was cleared.
struct Took {
    statements: usize,
    transactions: usize,
}

fn took(s: &Scene) -> Took {
    let log = s.db.log();
    let took = Took { statements: log.statements().len(), transactions: log.transactions() };
    log.clear();
    took
}

macro_rules! reads {
    ($s:ident, at most $most:literal: $($call:expr),+ $(,)?) => {
        $(
            took(&$s);
            $call.await.unwrap();
            let Took { statements, transactions } = took(&$s);
            assert!((1..=$most).contains(&statements), "{statements} statements: {}", stringify!($call));
            assert_eq!(transactions, 0, "{}", stringify!($call));
        )+
    };
}

macro_rules! writes {
    ($s:ident: $($call:expr),+ $(,)?) => {
        $(
            took(&$s);
            $call.await.unwrap();
            let alone = $s.db.log().statements().iter().any(|logged| logged.sql.starts_with("INSERT INTO outbox"));
            assert!(!alone, "its facts cost a round trip: {}", stringify!($call));
            assert_eq!(took(&$s).transactions, 1, "{}", stringify!($call));
        )+
    };
}

async fn one_thing_takes_one_statement(s: Scene) {
    let (ada, post, comment) = fill(&s).await;
    let by_name = UserRef::Username(Username::parse("ada").unwrap());
    reads![s, at most 1:
        s.posts.find(post, None),
        s.posts.find(post, Some(ada)),
        s.comments.find(comment, Some(ada)),
        s.comments.find_owners(comment),
        s.users.find(&ada.into(), Some(ada)),
        s.users.find(&by_name, None),
        s.users.find_credentials(&by_name),
        s.follows.resolve(&by_name),
    ];
}

async fn a_list_takes_at_most_two(s: Scene) {
    let (ada, post, comment) = fill(&s).await;
    let bob = UserRef::Id(id("bob"));
    reads![s, at most 1:
        s.timelines.public(first_page(), None),
        s.timelines.public(first_page(), Some(ada)),
        s.timelines.home(ada, first_page()),
        s.sessions.list(ada, first_page()),
        s.bookmarks.list(ada, first_page()),
        s.bookmarks.list(id("nobody"), first_page()),
        s.users.list(first_page(), Some(ada)),
        s.posts.list_by_user(&bob, first_page(), Some(ada)),
        s.follows.list(&bob, Relation::Followers, first_page(), Some(ada)),
        s.follows.list(&bob, Relation::Following, first_page(), Some(ada)),
    ];
    // A concurrent statement checks that the post or comment exists.
    reads![s, at most 2:
        s.posts.list_likes(post, first_page(), Some(ada)),
        s.comments.list(Thread::Post(post), first_page(), Some(ada)),
        s.comments.list(Thread::Replies(comment), first_page(), Some(ada)),
    ];
    // For an empty list, another statement checks that its owner exists.
    let nobody = UserRef::Id(id("nobody"));
    reads![s, at most 2:
        s.timelines.home(id("nobody"), first_page()),
        s.posts.list_by_user(&nobody, first_page(), Some(ada)),
        s.posts.list_likes(id("nothing"), first_page(), Some(ada)),
        s.comments.list(Thread::Post(id("nothing")), first_page(), Some(ada)),
        s.comments.list(Thread::Replies(id("nothing")), first_page(), Some(ada)),
        s.follows.list(&nobody, Relation::Followers, first_page(), Some(ada)),
    ];
}

async fn a_write_takes_one_transaction(s: Scene) {
    let (ada, post, comment) = fill(&s).await;
    let edit = Edit { content: Content::parse("new words").unwrap(), at: NOW, expected: None };
    let session = Session { id: id("session"), user_id: ada, created_at: NOW, user_agent: None };
    let in_session = Principal { user_id: ada, session_id: session.id };
    let first = token(1, NOW);
    let changes = ProfileChanges {
        password: Some(PasswordChange { verified: hash_of("ada"), new: hash_of("new") }),
        ..ProfileChanges::default()
    };
    let keyed = request("key", 1, NOW);
    writes![s:
        s.users.insert(&a_user("cyd").build(), &hash_of("cyd"), &any_names()),
        s.users.insert(&a_user("cyd").build(), &hash_of("cyd"), &any_names()),
        s.sessions.open(&session, &first, &hash_of("ada").into()),
        s.sessions.rotate(&rotation(1, 2, NOW)),
        s.sessions.rotate(&rotation(1, 3, NOW)),
        s.sessions.rotate(&rotation(3, 4, NOW)),
        s.sessions.rotate(&rotation(1, 5, NOW)),
        s.users.update(acting(ada), &changes, None),
        s.sessions.close(in_session, id("nothing")),
        s.sessions.close_others(acting(ada)),
        s.sessions.purge(NOW, NOW),
        s.posts.publish(&a_post("new", ada).build(), None),
        s.posts.publish(&a_post("keyed", ada).build(), Some(&keyed)),
        s.posts.publish(&a_post("keyed", ada).build(), Some(&keyed)),
        s.posts.edit(post, &edit, acting(ada)),
        s.posts.like(post, acting(ada), NOW),
        s.posts.like(post, acting(ada), NOW),
        s.posts.like(id("nothing"), acting(ada), NOW),
        s.posts.unlike(post, acting(ada)),
        s.bookmarks.add(post, acting(ada), NOW),
        s.bookmarks.remove(post, acting(ada)),
        s.bookmarks.remove(post, acting(ada)),
        s.bookmarks.add(post, acting(ada), NOW),
        s.bookmarks.add(id("nothing"), acting(ada), NOW),
        s.comments.add(&a_comment("new", post, ada).reply_to(comment).build(), None),
        s.comments.add(&a_comment("other", post, ada).reply_to(id("nothing")).build(), None),
        s.comments.edit(comment, &edit, acting(ada)),
        s.comments.like(comment, acting(ada), NOW),
        s.comments.unlike(comment, acting(ada)),
        s.comments.delete(id("new"), acting(id("ada")), None),
        s.comments.delete(comment, acting(id("ada")), None),
        s.follows.unfollow(acting(ada), id("bob")),
        s.follows.follow(acting(ada), id("bob"), NOW),
        s.keys.purge(NOW),
        s.posts.delete(post, acting(id("ada")), None),
        s.users.erase(acting(ada), &hash_of("new").into(), &not_kept()),
        s.users.erase(acting(ada), &hash_of("new").into(), &not_kept()),
    ];
}
