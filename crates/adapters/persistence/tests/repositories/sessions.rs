//! [`SessionRepository`].

use std::sync::Arc;
use std::time::Duration;

use accounts::ports::{
    EraseUser, NewRefreshToken, OpenSession, PasswordChange, ProfileChanges, RefreshTokenHash, RotateSession,
    SessionRepository, UpdateUser, UserRepository,
};
use accounts::{Principal, Session};
use domain::{Timestamp, UserId};
use testkit::{id, on_both_databases};

use crate::scene::{Scene, hash_of, not_kept};

const LIFETIME: Duration = Duration::from_hours(1);

/// A refresh token told apart by a number, made at `now`.
pub(crate) fn token(number: u8, now: Timestamp) -> NewRefreshToken {
    NewRefreshToken { hash: RefreshTokenHash([number; 32]), created_at: now, expires_at: now.after(LIFETIME) }
}

fn hash(number: u8) -> RefreshTokenHash {
    RefreshTokenHash([number; 32])
}

/// Opens a session named by a word whose first token is `number`; answers whom it proves and when that was.
async fn open(s: &Scene, word: &str, user: UserId, number: u8) -> (Principal, Timestamp) {
    let now = s.now();
    let session = Session { id: id(word), user_id: user, created_at: now };
    let verified = s.verified(user).await;
    assert_eq!(s.sessions.open(&session, &token(number, now), &verified).await.unwrap(), OpenSession::Opened);
    (Principal { user_id: user, session_id: session.id }, now)
}

/// Whom a rotation proves.
fn proved(outcome: &RotateSession) -> Option<Principal> {
    match outcome {
        RotateSession::Rotated { session, user } => Some(Principal { user_id: user.id, session_id: *session }),
        _ => None,
    }
}

mod open {
    use super::*;

    on_both_databases![
        stores_the_session_and_its_token,
        says_that_the_account_is_gone,
        does_not_outlive_the_password_that_was_verified,
    ];

    async fn stores_the_session_and_its_token(s: Scene) {
        let ada = s.user("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        let rotated = s.sessions.rotate(&hash(1), &token(2, now), now).await.unwrap();
        assert_eq!(proved(&rotated), Some(principal));
    }

    async fn does_not_outlive_the_password_that_was_verified(s: Scene) {
        let ada = s.user("ada").await;
        let (kept, _) = open(&s, "kept", ada, 1).await;
        let change = PasswordChange { verified: hash_of("ada"), new: hash_of("new"), kept: kept.session_id };
        let changes = ProfileChanges { password: Some(change.clone()), ..ProfileChanges::default() };
        assert!(matches!(s.users.update(ada, &changes, None).await.unwrap(), UpdateUser::Updated(_)));
        let late = Session { id: id("late"), user_id: ada, created_at: s.now() };
        let opened = s.sessions.open(&late, &token(2, s.now()), &change.verified).await.unwrap();
        assert_eq!(opened, OpenSession::CredentialsMoved);
        assert_eq!(s.users.update(ada, &changes, None).await.unwrap(), UpdateUser::PasswordMoved);
        assert_eq!(s.users.erase(ada, &change.verified, &not_kept()).await.unwrap(), EraseUser::PasswordMoved);
        assert_eq!(s.db.count("sessions").await, 1);
    }

    async fn says_that_the_account_is_gone(s: Scene) {
        let session = Session { id: id("one"), user_id: id("nobody"), created_at: s.now() };
        let opened = s.sessions.open(&session, &token(1, s.now()), &hash_of("nobody")).await.unwrap();
        assert_eq!(opened, OpenSession::CredentialsMoved);
        assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
    }
}

mod rotate {
    use super::*;

    on_both_databases![
        goes_on_from_token_to_token,
        does_not_know_a_token_that_was_never_made,
        refuses_a_token_exactly_when_it_expires,
        ends_the_family_of_a_token_that_comes_back,
        knows_a_used_token_before_an_expired_one,
        lets_one_of_two_at_once_win_and_ends_the_family,
    ];

    async fn goes_on_from_token_to_token(s: Scene) {
        let ada = s.user("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        for number in 1..5 {
            let rotated = s.sessions.rotate(&hash(number), &token(number + 1, now), now).await.unwrap();
            assert_eq!(proved(&rotated), Some(principal));
        }
    }

    async fn does_not_know_a_token_that_was_never_made(s: Scene) {
        let ada = s.user("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        let rotated = s.sessions.rotate(&hash(9), &token(2, now), now).await.unwrap();
        assert_eq!((rotated, s.db.count("refresh_tokens").await), (RotateSession::Unknown, 1));
    }

    async fn refuses_a_token_exactly_when_it_expires(s: Scene) {
        let ada = s.user("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        let expiry = now.after(LIFETIME);
        let rotated = s.sessions.rotate(&hash(1), &token(2, expiry), expiry).await.unwrap();
        assert_eq!((rotated, s.db.count("refresh_tokens").await), (RotateSession::Expired, 1));
        let just_before = expiry.before(Duration::from_micros(1));
        let rotated = s.sessions.rotate(&hash(1), &token(2, just_before), just_before).await.unwrap();
        assert_eq!(proved(&rotated), Some(principal));
    }

    async fn ends_the_family_of_a_token_that_comes_back(s: Scene) {
        let ada = s.user("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 100).await;
        s.sessions.rotate(&hash(1), &token(2, now), now).await.unwrap();
        assert_eq!(
            s.sessions.rotate(&hash(1), &token(3, now), now).await.unwrap(),
            RotateSession::Replayed { user: ada }
        );
        // Its successor is worth nothing now, and neither token is remembered.
        assert_eq!(s.sessions.rotate(&hash(2), &token(3, now), now).await.unwrap(), RotateSession::Unknown);
        assert_eq!(s.sessions.rotate(&hash(1), &token(3, now), now).await.unwrap(), RotateSession::Unknown);
        let rotated = s.sessions.rotate(&hash(100), &token(101, now), now).await.unwrap();
        assert_eq!(proved(&rotated), Some(other), "another session is not concerned");
    }

    async fn knows_a_used_token_before_an_expired_one(s: Scene) {
        let ada = s.user("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        s.sessions.rotate(&hash(1), &token(2, now), now).await.unwrap();
        let late = now.after(LIFETIME * 2);
        assert_eq!(
            s.sessions.rotate(&hash(1), &token(3, late), late).await.unwrap(),
            RotateSession::Replayed { user: ada }
        );
    }

    async fn lets_one_of_two_at_once_win_and_ends_the_family(s: Scene) {
        let ada = s.user("ada").await;
        let s = Arc::new(s);
        for round in 0..20_u8 {
            let first = round * 10 + 1;
            let (principal, now) = open(&s, &format!("round{round}"), ada, first).await;
            let rotate = |next: u8| {
                let s = Arc::clone(&s);
                tokio::spawn(async move { s.sessions.rotate(&hash(first), &token(next, now), now).await.unwrap() })
            };
            let (one, two) = (rotate(first + 1), rotate(first + 2));
            let outcomes = [one.await.unwrap(), two.await.unwrap()];
            assert!(outcomes.iter().any(|outcome| proved(outcome) == Some(principal)), "{outcomes:?}");
            assert!(outcomes.contains(&RotateSession::Replayed { user: ada }), "{outcomes:?}");
            assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
        }
    }
}

mod close {
    use super::*;

    on_both_databases![ends_one_session_and_may_be_repeated];

    async fn ends_one_session_and_may_be_repeated(s: Scene) {
        let ada = s.user("ada").await;
        let (one, now) = open(&s, "one", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 2).await;
        s.sessions.close(one.session_id).await.unwrap();
        s.sessions.close(one.session_id).await.unwrap();
        assert_eq!(s.sessions.rotate(&hash(1), &token(3, now), now).await.unwrap(), RotateSession::Unknown);
        let rotated = s.sessions.rotate(&hash(2), &token(3, now), now).await.unwrap();
        assert_eq!(proved(&rotated), Some(other));
    }
}

mod purge {
    use super::*;

    on_both_databases![forgets_sessions_whose_tokens_are_all_over];

    async fn forgets_sessions_whose_tokens_are_all_over(s: Scene) {
        let ada = s.user("ada").await;
        let (_, start) = open(&s, "over", ada, 1).await;
        open(&s, "rotated", ada, 2).await;
        let later = start.after(LIFETIME / 2);
        let rotated = s.sessions.rotate(&hash(2), &token(3, later), later).await.unwrap();
        assert!(proved(&rotated).is_some());

        assert_eq!(s.sessions.purge(start.after(LIFETIME).before(Duration::from_micros(1))).await.unwrap(), 0);
        assert_eq!(s.sessions.purge(start.after(LIFETIME)).await.unwrap(), 1);
        assert_eq!(s.db.texts("SELECT id FROM sessions").await, [id::<()>("rotated").to_string()]);
        assert_eq!(s.sessions.purge(later.after(LIFETIME)).await.unwrap(), 1);
        assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
    }
}
