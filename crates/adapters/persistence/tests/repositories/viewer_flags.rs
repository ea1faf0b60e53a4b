//! [`PostViewers`] and [`UserRelations`].

use std::collections::HashMap;

use ::posts::ports::PostViewers;
use accounts::ports::UserRelations;
use domain::{PostViewer, UserViewer};
use testkit::{id, on_both_databases};

use crate::scene::Scene;

on_both_databases![
    says_which_posts_a_reader_likes_and_bookmarked,
    says_how_a_reader_relates_to_others,
    takes_one_statement,
];

async fn says_which_posts_a_reader_likes_and_bookmarked(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let (one, two, three) = (s.post("one", ada).await, s.post("two", ada).await, s.post("three", ada).await);
    for (post, user) in [(one, bob), (two, ada), (three, bob)] {
        s.like_post(post, user).await;
    }
    for (post, user) in [(one, bob), (one, ada), (two, bob), (three, ada)] {
        s.bookmark(post, user).await;
    }
    let viewers = async |viewer, posts: &[_]| s.posts.viewers(viewer, posts).await.unwrap();
    let flags = |liked, bookmarked| PostViewer { liked, bookmarked };
    let none = flags(false, false);
    assert_eq!(
        viewers(bob, &[one, two, id("nothing")]).await,
        HashMap::from([(one, flags(true, true)), (two, flags(false, true)), (id("nothing"), none)]),
        "three was not asked for"
    );
    assert_eq!(
        viewers(ada, &[one, two, three]).await,
        HashMap::from([(one, flags(false, true)), (two, flags(true, false)), (three, flags(false, true))])
    );
    assert_eq!(viewers(id("nobody"), &[one, two]).await, HashMap::from([(one, none), (two, none)]));
    assert_eq!(viewers(bob, &[]).await, HashMap::new());
}

async fn says_how_a_reader_relates_to_others(s: Scene) {
    let (ada, bob, cyd, dan) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await, s.user("dan").await);
    for (follower, followee) in [(ada, bob), (cyd, ada), (ada, dan), (dan, ada), (bob, cyd)] {
        s.follow(follower, followee).await;
    }
    let stands = |following, followed_by| UserViewer { following, followed_by };
    assert_eq!(
        s.users.relations(ada, &[ada, bob, cyd, dan, id("nobody")]).await.unwrap(),
        HashMap::from([
            (ada, stands(false, false)),
            (bob, stands(true, false)),
            (cyd, stands(false, true)),
            (dan, stands(true, true)),
            (id("nobody"), stands(false, false)),
        ])
    );
    assert_eq!(s.users.relations(ada, &[]).await.unwrap(), HashMap::new());
}

async fn takes_one_statement(s: Scene) {
    let ada = s.user("ada").await;
    let posts: Vec<_> = (0..100).map(|number| id(&format!("post{number}"))).collect();
    let users: Vec<_> = (0..100).map(|number| id(&format!("user{number}"))).collect();
    s.db.log().clear();
    s.posts.viewers(ada, &posts).await.unwrap();
    s.users.relations(ada, &users).await.unwrap();
    assert_eq!((s.db.log().statements().len(), s.db.log().transactions()), (2, 0));
}
