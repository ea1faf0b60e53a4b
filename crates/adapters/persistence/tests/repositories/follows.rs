//! [`FollowRepository`].

use domain::{UserRef, UserView, UserViewer, Username};
use social::ports::{Follow, FollowRepository, Relation, Unfollow};
use testkit::{acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, page};

fn by_name(name: &str) -> UserRef {
    UserRef::Username(Username::parse(name).unwrap())
}

mod resolve {
    use super::*;

    on_both_databases![finds_the_named_user];

    async fn finds_the_named_user(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.follows.resolve(&by_name("ada")).await.unwrap(), Some(ada));
        assert_eq!(s.follows.resolve(&ada.into()).await.unwrap(), Some(ada));
        assert_eq!(s.follows.resolve(&by_name("bob")).await.unwrap(), None);
        assert_eq!(s.follows.resolve(&UserRef::Id(id("bob"))).await.unwrap(), None);
    }
}

mod follow {
    use super::*;

    on_both_databases![counts_once_on_both, says_which_account_is_missing];

    async fn counts_once_on_both(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        for outcome in [Follow::Begun, Follow::Already] {
            assert_eq!(s.follows.follow(acting(ada), bob, s.now()).await.unwrap(), outcome);
            let (ada, bob) = (s.find_user(ada).await.unwrap(), s.find_user(bob).await.unwrap());
            assert_eq!((ada.following_count, ada.follower_count), (1, 0));
            assert_eq!((bob.following_count, bob.follower_count), (0, 1));
        }
        s.follow(bob, ada).await;
        s.db.assert_counters_exact().await;
    }

    async fn says_which_account_is_missing(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.follows.follow(acting(ada), id("nobody"), s.now()).await.unwrap(), Follow::FolloweeGone);
        assert_eq!(s.follows.follow(acting(id("nobody")), ada, s.now()).await.unwrap(), Follow::SessionEnded);
        s.db.assert_counters_exact().await;
    }
}

mod unfollow {
    use super::*;

    on_both_databases![counts_once_on_both];

    async fn counts_once_on_both(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.follow(ada, bob).await;
        s.follow(bob, ada).await;
        for outcome in [Unfollow::Ended, Unfollow::Nothing] {
            assert_eq!(s.follows.unfollow(acting(ada), bob).await.unwrap(), outcome);
            let (ada, bob) = (s.find_user(ada).await.unwrap(), s.find_user(bob).await.unwrap());
            assert_eq!((ada.following_count, ada.follower_count), (0, 1));
            assert_eq!((bob.following_count, bob.follower_count), (1, 0));
        }
        assert_eq!(s.follows.unfollow(acting(ada), id("nobody")).await.unwrap(), Unfollow::Nothing);
        s.db.assert_counters_exact().await;
    }
}

mod list {
    use super::*;

    on_both_databases![
        shows_followers_newest_first,
        shows_the_followed_newest_first,
        distinguishes_an_empty_list_from_no_user
    ];

    fn name(user: &UserView) -> String {
        user.subject.username.to_string()
    }

    async fn shows_followers_newest_first(s: Scene) {
        let (ada, bob, cyd, dan) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await, s.user("dan").await);
        for follower in [cyd, bob, dan] {
            s.follow(follower, ada).await;
        }
        s.follow(ada, bob).await;
        for user in [ada.into(), by_name("ada")] {
            let first = s.follows.list(&user, Relation::Followers, page(2, None), Some(ada)).await.unwrap().unwrap();
            assert_eq!(each(&first, name), ["dan", "bob"]);
            let viewers = [false, true].map(|following| UserViewer { following, followed_by: true });
            assert_eq!(each(&first, |user| user.viewer.unwrap()), viewers);
            let second = s.follows.list(&user, Relation::Followers, page(2, first.next), None).await.unwrap().unwrap();
            assert_eq!((each(&second, name), second.next), (vec!["cyd".to_owned()], None));
        }
    }

    async fn shows_the_followed_newest_first(s: Scene) {
        let (ada, bob, cyd, dan) = (s.user("ada").await, s.user("bob").await, s.user("cyd").await, s.user("dan").await);
        for followee in [cyd, bob, dan] {
            s.follow(ada, followee).await;
        }
        s.follow(bob, ada).await;
        let first = s.follows.list(&ada.into(), Relation::Following, page(2, None), None).await.unwrap().unwrap();
        assert_eq!(each(&first, name), ["dan", "bob"]);
        let second =
            s.follows.list(&by_name("ada"), Relation::Following, page(2, first.next), None).await.unwrap().unwrap();
        assert_eq!((each(&second, name), second.next), (vec!["cyd".to_owned()], None));
    }

    async fn distinguishes_an_empty_list_from_no_user(s: Scene) {
        let ada = s.user("ada").await;
        for relation in [Relation::Followers, Relation::Following] {
            let none = s.follows.list(&ada.into(), relation, first_page(), Some(ada)).await.unwrap();
            assert_eq!(none.unwrap().items, []);
            assert_eq!(s.follows.list(&by_name("bob"), relation, first_page(), None).await.unwrap(), None);
            assert_eq!(s.follows.list(&UserRef::Id(id("bob")), relation, first_page(), None).await.unwrap(), None);
        }
    }
}
