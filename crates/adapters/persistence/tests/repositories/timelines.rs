//! [`TimelineRepository`].

use domain::PostView;
use feed::ports::TimelineRepository;
use social::ports::FollowRepository;
use testkit::{acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, page, views};

fn said(post: &PostView) -> String {
    post.subject.content.as_str().to_owned()
}

mod public {
    use super::*;

    on_both_databases![shows_all_posts_newest_first_in_pages, is_empty_at_first];

    async fn shows_all_posts_newest_first_in_pages(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.post("one", ada).await;
        let two = s.post("two", bob).await;
        s.post("three", ada).await;
        s.like_post(two, ada).await;
        let first = views(s.timelines.public(page(2, None), Some(ada)).await.unwrap());
        assert_eq!(each(&first, said), ["three", "two"]);
        assert_eq!(each(&first, |post| post.viewer.unwrap().liked), [false, true]);
        assert_eq!(*first.items[1].subject, s.find_post(two).await.unwrap());
        let second = views(s.timelines.public(page(2, first.next), None).await.unwrap());
        assert_eq!((each(&second, said), second.next), (vec!["one".to_owned()], None));
        assert_eq!(second.items[0].viewer, None);
    }

    async fn is_empty_at_first(s: Scene) {
        let feed = views(s.timelines.public(first_page(), None).await.unwrap());
        assert_eq!((feed.items, feed.next), (vec![], None));
    }
}

mod home {
    use super::*;

    on_both_databases![
        shows_the_posts_of_the_followed_and_ones_own,
        comes_in_pages,
        shows_the_users_followed_now,
        is_empty_for_an_unknown_user,
    ];

    async fn shows_the_posts_of_the_followed_and_ones_own(s: Scene) {
        let (ada, bob, cyd, dan) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await, s.user("dan").await);
        s.follow(ada, bob).await;
        s.follow(ada, dan).await;
        s.follow(cyd, ada).await;
        for (word, author) in [("b1", bob), ("c1", cyd), ("a1", ada), ("d1", dan), ("b2", bob), ("c2", cyd)] {
            s.post(word, author).await;
        }
        s.like_post(id("d1"), ada).await;
        let home = views(s.timelines.home(ada, first_page()).await.unwrap());
        assert_eq!(each(&home, said), ["b2", "d1", "a1", "b1"]);
        assert_eq!(each(&home, |post| post.viewer.unwrap().liked), [false, true, false, false]);
        assert_eq!(*home.items[0].subject, s.find_post(id("b2")).await.unwrap());
    }

    async fn comes_in_pages(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.follow(ada, bob).await;
        let mut expected = Vec::new();
        for number in 0..7 {
            // More posts in a row by one author than a page holds.
            s.post(&format!("p{number}"), if number < 4 { bob } else { ada }).await;
            expected.insert(0, format!("p{number}"));
        }
        let (mut seen, mut next) = (Vec::new(), None);
        loop {
            let part = views(s.timelines.home(ada, page(3, next)).await.unwrap());
            seen.extend(each(&part, said));
            next = part.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
    }

    async fn shows_the_users_followed_now(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.post("earlier", bob).await;
        let count = async || views(s.timelines.home(ada, first_page()).await.unwrap()).items.len();
        assert_eq!(count().await, 0);
        s.follow(ada, bob).await;
        assert_eq!(count().await, 1);
        s.follows.unfollow(acting(ada), bob).await.unwrap();
        assert_eq!(count().await, 0);
    }

    async fn is_empty_for_an_unknown_user(s: Scene) {
        let ada = s.user("ada").await;
        s.post("hello", ada).await;
        let home = views(s.timelines.home(id("nobody"), first_page()).await.unwrap());
        assert_eq!((home.items, home.next), (vec![], None));
    }
}
