//! [`UserRepository`].

use accounts::ports::{Credentials, InsertUser, PasswordChange, ProfileChanges, RenewHash, UpdateUser, UserRepository};
use domain::{Bio, DisplayName, PageRequest, Revision, User, UserId, UserRef, UserView, UserViewer, Username};
use testkit::{a_user, acting, id, on_both_databases};

use crate::scene::{Scene, any_names, each, first_page, hash_of, page};

fn by_name(name: &str) -> UserRef {
    UserRef::Username(Username::parse(name).unwrap())
}

mod insert {
    use super::*;

    on_both_databases![stores_all_fields_of_an_account, refuses_a_name_that_is_taken];

    async fn stores_all_fields_of_an_account(s: Scene) {
        let ada = a_user("ada").display_name("Ada 🦀 L'Ovelace").bio("one\n\ttwo").build();
        assert_eq!(s.users.insert(&ada, &hash_of("ada"), &any_names()).await.unwrap(), InsertUser::Created);
        assert_eq!(s.find_user(ada.id).await, Some(ada));
    }

    async fn refuses_a_name_that_is_taken(s: Scene) {
        let ada = s.user("ada").await;
        let other = User { id: id("other"), ..a_user("ada").display_name("Another").build() };
        assert_eq!(s.users.insert(&other, &hash_of("other"), &any_names()).await.unwrap(), InsertUser::UsernameTaken);
        assert_eq!(s.db.texts("SELECT id FROM users").await, [ada.to_string()]);
    }
}

mod find {
    use super::*;

    on_both_databases![finds_by_id_and_by_name, finds_no_unknown_user, has_the_flags_of_the_reader];

    async fn finds_by_id_and_by_name(s: Scene) {
        let ada = s.user("ada").await;
        s.user("bob").await;
        let found = s.users.find(&ada.into(), None).await.unwrap().unwrap();
        assert_eq!((found.subject.id, found.viewer), (ada, None));
        assert_eq!(s.users.find(&by_name("ada"), None).await.unwrap(), Some(found));
    }

    async fn finds_no_unknown_user(s: Scene) {
        let ada = s.user("ada").await;
        assert_eq!(s.users.find(&UserRef::Id(id("bob")), Some(ada)).await.unwrap(), None);
        assert_eq!(s.users.find(&by_name("bob"), None).await.unwrap(), None);
    }

    async fn has_the_flags_of_the_reader(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.follow(ada, bob).await;
        let viewer = async |of: UserRef, by| s.users.find(&of, Some(by)).await.unwrap().unwrap().viewer.unwrap();
        assert_eq!(viewer(by_name("bob"), ada).await, UserViewer { following: true, followed_by: false });
        assert_eq!(viewer(ada.into(), bob).await, UserViewer { following: false, followed_by: true });
        assert_eq!(viewer(ada.into(), ada).await, UserViewer { following: false, followed_by: false });
    }
}

mod list {
    use super::*;

    on_both_databases![shows_the_newest_first_in_pages, orders_equal_times_by_id, has_the_flags_of_the_reader_in_lists];

    fn name(user: &UserView) -> String {
        user.subject.username.to_string()
    }

    async fn shows_the_newest_first_in_pages(s: Scene) {
        for name in ["ada", "bob", "cyd"] {
            s.user(name).await;
        }
        let first = s.users.list(page(2, None), None).await.unwrap();
        assert_eq!(each(&first, name), ["cyd", "bob"]);
        let second = s.users.list(page(2, first.next), None).await.unwrap();
        assert_eq!((each(&second, name), second.next), (vec!["ada".to_owned()], None));
        assert_eq!(s.users.list(page(3, None), None).await.unwrap().next, None, "nothing follows");
    }

    async fn orders_equal_times_by_id(s: Scene) {
        for name in ["bob", "cyd", "ada"] {
            s.users.insert(&a_user(name).build(), &hash_of(name), &any_names()).await.unwrap();
        }
        let first = s.users.list(page(1, None), None).await.unwrap();
        let rest = s.users.list(PageRequest { after: first.next, ..first_page() }, None).await.unwrap();
        assert_eq!((each(&first, name), each(&rest, name)), (vec!["cyd".to_owned()], vec!["bob".into(), "ada".into()]));
    }

    async fn has_the_flags_of_the_reader_in_lists(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        s.follow(ada, bob).await;
        let users = s.users.list(first_page(), Some(ada)).await.unwrap();
        assert_eq!(each(&users, |user| user.viewer.unwrap().following), [true, false]);
        assert!(s.users.list(first_page(), None).await.unwrap().items.iter().all(|user| user.viewer.is_none()));
    }
}

mod find_credentials {
    use super::*;

    on_both_databases![gives_the_account_and_its_hash, finds_no_unknown_user];

    async fn gives_the_account_and_its_hash(s: Scene) {
        let ada = s.user("ada").await;
        s.user("bob").await;
        let expected = Some(Credentials { user: s.find_user(ada).await.unwrap(), password: hash_of("ada") });
        assert_eq!(s.users.find_credentials(&by_name("ada")).await.unwrap(), expected);
        assert_eq!(s.users.find_credentials(&ada.into()).await.unwrap(), expected);
    }

    async fn finds_no_unknown_user(s: Scene) {
        assert_eq!(s.users.find_credentials(&by_name("ada")).await.unwrap(), None);
    }
}

mod update {
    use super::*;

    use accounts::ports::{OpenSession, SessionRepository};
    use domain::{Principal, Session, UserId};

    use crate::sessions::token;

    on_both_databases![
        changes_only_the_given_fields,
        keeps_the_revision_of_an_empty_edit,
        keeps_the_revision_of_an_edit_without_change,
        rejects_an_outdated_revision,
        takes_any_revision_when_none_is_expected,
        finds_no_unknown_user,
        ends_the_other_sessions_with_the_old_password,
        ends_no_session_when_it_refuses,
    ];

    async fn changes_only_the_given_fields(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let before = (s.find_user(ada).await.unwrap(), s.find_user(bob).await);
        let changes = ProfileChanges { bio: Some(Bio::parse("new").unwrap()), ..ProfileChanges::default() };
        let expected = User { bio: Bio::parse("new").unwrap(), revision: Revision(1), ..before.0 };
        assert_eq!(
            s.users.update(acting(ada), &changes, Some(Revision(0))).await.unwrap(),
            UpdateUser::Updated(expected.clone())
        );
        assert_eq!(s.find_user(ada).await, Some(expected.clone()));

        let name = DisplayName::parse("Lady Ada").unwrap();
        let changes = ProfileChanges { display_name: Some(name.clone()), ..ProfileChanges::default() };
        let expected = User { display_name: name, revision: Revision(2), ..expected };
        assert_eq!(
            s.users.update(acting(ada), &changes, Some(Revision(1))).await.unwrap(),
            UpdateUser::Updated(expected)
        );
        assert_eq!(s.find_user(bob).await, before.1);
        assert_eq!(s.users.find_credentials(&ada.into()).await.unwrap().unwrap().password, hash_of("ada"));
    }

    async fn keeps_the_revision_of_an_empty_edit(s: Scene) {
        let ada = s.user("ada").await;
        let UpdateUser::Updated(user) = s.users.update(acting(ada), &ProfileChanges::default(), None).await.unwrap()
        else {
            panic!("not updated");
        };
        assert_eq!(user.revision, Revision(0));
    }

    async fn keeps_the_revision_of_an_edit_without_change(s: Scene) {
        let ada = s.user("ada").await;
        let before = s.find_user(ada).await.unwrap();
        let same = ProfileChanges {
            display_name: Some(before.display_name.clone()),
            bio: Some(before.bio.clone()),
            ..ProfileChanges::default()
        };
        let updated = s.users.update(acting(ada), &same, Some(Revision(0))).await.unwrap();
        assert_eq!(updated, UpdateUser::Updated(before));
        // One part that differs is enough.
        let one = ProfileChanges { bio: Some(Bio::parse("new").unwrap()), ..same };
        let UpdateUser::Updated(user) = s.users.update(acting(ada), &one, None).await.unwrap() else {
            panic!("not updated");
        };
        assert_eq!(user.revision, Revision(1));
    }

    async fn rejects_an_outdated_revision(s: Scene) {
        let ada = s.user("ada").await;
        let before = s.find_user(ada).await;
        let changes = ProfileChanges { bio: Some(Bio::parse("new").unwrap()), ..ProfileChanges::default() };
        assert_eq!(s.users.update(acting(ada), &changes, Some(Revision(1))).await.unwrap(), UpdateUser::Stale);
        assert_eq!(s.find_user(ada).await, before);
    }

    async fn takes_any_revision_when_none_is_expected(s: Scene) {
        let ada = s.user("ada").await;
        for _ in 0..2 {
            let updated = s.users.update(acting(ada), &ProfileChanges::default(), None).await.unwrap();
            assert!(matches!(updated, UpdateUser::Updated(_)));
        }
    }

    async fn finds_no_unknown_user(s: Scene) {
        let nobody = s.users.update(acting(id("nobody")), &ProfileChanges::default(), None).await.unwrap();
        assert_eq!(nobody, UpdateUser::SessionEnded);
        let nobody = s.users.update(acting(id("nobody")), &ProfileChanges::default(), Some(Revision(0))).await.unwrap();
        assert_eq!(nobody, UpdateUser::SessionEnded);
    }

    async fn open(s: &Scene, word: &str, user: UserId, number: u8) -> Principal {
        let session = Session { id: id(word), user_id: user, created_at: s.now(), user_agent: None };
        assert_eq!(
            s.sessions.open(&session, &token(number, s.now()), &s.verified(user).await.into()).await.unwrap(),
            OpenSession::Opened
        );
        Principal { user_id: user, session_id: session.id }
    }

    async fn sessions(s: &Scene) -> Vec<String> {
        s.db.texts("SELECT id FROM sessions ORDER BY id").await
    }

    async fn ends_the_other_sessions_with_the_old_password(s: Scene) {
        let (ada, bob) = (s.account("ada").await, s.account("bob").await);
        let kept = open(&s, "kept", ada, 1).await;
        open(&s, "other", ada, 2).await;
        let of_bob = open(&s, "bobs", bob, 3).await;
        let changes = ProfileChanges {
            password: Some(PasswordChange { verified: hash_of("ada"), new: hash_of("new") }),
            ..ProfileChanges::default()
        };
        assert!(matches!(s.users.update(kept, &changes, None).await.unwrap(), UpdateUser::Updated(_)));
        assert_eq!(sessions(&s).await, [of_bob.session_id.to_string(), kept.session_id.to_string()]);
        assert_eq!(s.db.texts("SELECT session_id FROM ended_sessions").await, [id::<()>("other").to_string()]);
        assert_eq!(s.db.count("refresh_tokens").await, 2);
        assert_eq!(s.users.find_credentials(&ada.into()).await.unwrap().unwrap().password, hash_of("new"));
    }

    async fn ends_no_session_when_it_refuses(s: Scene) {
        let ada = s.account("ada").await;
        let kept = open(&s, "kept", ada, 1).await;
        open(&s, "other", ada, 2).await;
        let changes = ProfileChanges {
            password: Some(PasswordChange { verified: hash_of("ada"), new: hash_of("new") }),
            ..ProfileChanges::default()
        };
        assert_eq!(s.users.update(kept, &changes, Some(Revision(7))).await.unwrap(), UpdateUser::Stale);
        assert_eq!(sessions(&s).await.len(), 2);
        assert_eq!(s.users.find_credentials(&ada.into()).await.unwrap().unwrap().password, hash_of("ada"));
    }
}

mod renew_hash {
    use super::*;

    on_both_databases![replaces_only_the_verified_hash];

    async fn replaces_only_the_verified_hash(s: Scene) {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let before = s.find_user(ada).await.unwrap();
        let renew = async |user: UserId, verified: &str, renewed: &str| {
            s.users.renew_hash(user, &hash_of(verified), &hash_of(renewed)).await.unwrap()
        };
        assert_eq!(renew(ada, "not hers", "stronger").await, RenewHash::HashMoved);
        assert_eq!(renew(ada, "ada", "stronger").await, RenewHash::Renewed);
        assert_eq!(renew(ada, "ada", "stronger").await, RenewHash::HashMoved);
        assert_eq!(renew(id("nobody"), "ada", "stronger").await, RenewHash::HashMoved);
        assert_eq!((s.verified(ada).await, s.verified(bob).await), (hash_of("stronger"), hash_of("bob")));
        assert_eq!(s.find_user(ada).await.unwrap(), before, "nobody sees it");
    }
}
