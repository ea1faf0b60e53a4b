//! [`PostLikes`] and [`UserRelations`].

use std::collections::{HashMap, HashSet};

use ::posts::ports::PostLikes;
use accounts::ports::UserRelations;
use domain::UserViewer;
use testkit::{id, on_both_databases};

use crate::scene::Scene;

on_both_databases![says_which_posts_a_reader_likes, says_how_a_reader_relates_to_others, takes_one_statement];

async fn says_which_posts_a_reader_likes(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let (one, two, three) = (s.post("one", ada).await, s.post("two", ada).await, s.post("three", ada).await);
    s.like_post(one, bob).await;
    s.like_post(two, ada).await;
    s.like_post(three, bob).await;
    let liked = async |viewer, posts: &[_]| s.posts.liked(viewer, posts).await.unwrap();
    assert_eq!(liked(bob, &[one, two, id("nothing")]).await, HashSet::from([one]), "three was not asked for");
    assert_eq!(liked(id("nobody"), &[one, two]).await, HashSet::new());
    assert_eq!(liked(bob, &[]).await, HashSet::new());
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
    s.posts.liked(ada, &posts).await.unwrap();
    s.users.relations(ada, &users).await.unwrap();
    assert_eq!((s.db.log().statements().len(), s.db.log().transactions()), (2, 0));
}
