//! [`SessionRepository`].

use std::sync::Arc;
use std::time::Duration;

use accounts::Rotation;
use accounts::ports::{
    CloseSession, EraseUser, NewRefreshToken, OpenSession, PasswordChange, ProfileChanges, RefreshTokenHash,
    RotateSession, SessionRepository, UpdateUser, UserRepository,
};
use domain::{Principal, Session, Timestamp, UserAgent, UserId};
use testkit::{id, on_both_databases};

use crate::scene::{Scene, each, first_page, hash_of, not_kept, page};

pub(crate) const LIFETIME: Duration = Duration::from_hours(1);
pub(crate) const GRACE: Duration = Duration::from_secs(30);
pub(crate) const SESSION: Duration = Duration::from_hours(24);

/// A refresh token identified by a number, made at `now`.
pub(crate) fn token(number: u8, now: Timestamp) -> NewRefreshToken {
    NewRefreshToken { hash: hash(number), created_at: now, expires_at: now.after(LIFETIME) }
}

fn hash(number: u8) -> RefreshTokenHash {
    RefreshTokenHash([number; 32])
}

/// An exchange of one token for another at `now`.
pub(crate) fn rotation(presented: u8, next: u8, now: Timestamp) -> Rotation {
    Rotation { presented: hash(presented), next: token(next, now), now, grace: GRACE, session_ttl: SESSION }
}

/// Opens a session named `word` whose first token is `number`. Returns its principal and the time.
async fn open(s: &Scene, word: &str, user: UserId, number: u8) -> (Principal, Timestamp) {
    let now = s.now();
    let session = Session { id: id(word), user_id: user, created_at: now, user_agent: UserAgent::clean(word) };
    let verified = s.verified(user).await;
    assert_eq!(
        s.sessions.open(&session, &token(number, now), &verified.clone().into()).await.unwrap(),
        OpenSession::Opened
    );
    (Principal { user_id: user, session_id: session.id }, now)
}

async fn rotate(s: &Scene, presented: u8, next: u8, now: Timestamp) -> RotateSession {
    s.sessions.rotate(&rotation(presented, next, now)).await.unwrap()
}

/// The principal of a successful rotation.
fn proved(outcome: &RotateSession) -> Option<Principal> {
    match outcome {
        RotateSession::Rotated { session, user, .. } => Some(Principal { user_id: user.id, session_id: *session }),
        _ => None,
    }
}

mod open {
    use super::*;

    on_both_databases![
        stores_the_session_and_its_token,
        is_not_opened_for_an_erased_account,
        is_not_opened_after_the_password_changed,
    ];

    async fn stores_the_session_and_its_token(s: Scene) {
        let ada = s.account("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        let rotated = rotate(&s, 1, 2, now).await;
        assert_eq!(proved(&rotated), Some(principal));
        assert!(matches!(rotated, RotateSession::Rotated { opened_at, .. } if opened_at == now));
    }

    async fn is_not_opened_after_the_password_changed(s: Scene) {
        let ada = s.account("ada").await;
        let (kept, _) = open(&s, "kept", ada, 1).await;
        let change = PasswordChange { verified: hash_of("ada"), new: hash_of("new") };
        let changes = ProfileChanges { password: Some(change.clone()), ..ProfileChanges::default() };
        assert!(matches!(s.users.update(kept, &changes, None).await.unwrap(), UpdateUser::Updated(_)));
        let late = Session { id: id("late"), user_id: ada, created_at: s.now(), user_agent: None };
        let opened = s.sessions.open(&late, &token(2, s.now()), &change.verified.clone().into()).await.unwrap();
        assert_eq!(opened, OpenSession::ProofMoved);
        assert_eq!(s.users.update(kept, &changes, None).await.unwrap(), UpdateUser::PasswordMoved);
        assert_eq!(
            s.users.erase(kept, &change.verified.clone().into(), &not_kept()).await.unwrap(),
            EraseUser::ProofMoved
        );
        assert_eq!(s.db.count("sessions").await, 1);
    }

    async fn is_not_opened_for_an_erased_account(s: Scene) {
        let session = Session { id: id("one"), user_id: id("nobody"), created_at: s.now(), user_agent: None };
        let opened = s.sessions.open(&session, &token(1, s.now()), &hash_of("nobody").into()).await.unwrap();
        assert_eq!(opened, OpenSession::ProofMoved);
        assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
    }
}

mod rotate {
    use super::*;

    on_both_databases![
        exchanges_one_token_after_the_other,
        does_not_know_a_token_that_was_never_issued,
        rejects_a_token_exactly_when_it_expires,
        exchanges_a_used_token_again_while_its_successors_are_unused,
        ends_the_session_of_a_token_replayed_after_its_successor,
        ends_the_session_of_a_token_replayed_late,
        ends_the_session_of_a_token_exchanged_by_the_previous_version,
        ends_an_expired_session,
        gives_both_of_two_concurrent_requests_a_valid_successor,
    ];

    async fn exchanges_one_token_after_the_other(s: Scene) {
        let ada = s.account("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        for number in 1..5 {
            assert_eq!(proved(&rotate(&s, number, number + 1, now).await), Some(principal));
        }
    }

    async fn does_not_know_a_token_that_was_never_issued(s: Scene) {
        let ada = s.account("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        assert_eq!(rotate(&s, 9, 2, now).await, RotateSession::Unknown);
        assert_eq!(s.db.count("refresh_tokens").await, 1);
    }

    async fn rejects_a_token_exactly_when_it_expires(s: Scene) {
        let ada = s.account("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        let expiry = now.after(LIFETIME);
        assert_eq!(rotate(&s, 1, 2, expiry).await, RotateSession::Expired);
        assert_eq!(s.db.count("refresh_tokens").await, 1);
        let just_before = expiry.before(Duration::from_micros(1));
        assert_eq!(proved(&rotate(&s, 1, 2, just_before).await), Some(principal));
    }

    async fn exchanges_a_used_token_again_while_its_successors_are_unused(s: Scene) {
        let ada = s.account("ada").await;
        let (principal, now) = open(&s, "one", ada, 1).await;
        let last = now.after(GRACE).before(Duration::from_micros(1));
        for (next, at) in [(2, now), (3, now), (4, last)] {
            assert_eq!(proved(&rotate(&s, 1, next, at).await), Some(principal));
        }
        // Each successor has its own chain and its own grace period.
        for (presented, next) in [(3, 13), (2, 12), (3, 23), (4, 14)] {
            assert_eq!(proved(&rotate(&s, presented, next, last).await), Some(principal));
        }
    }

    async fn ends_the_session_of_a_token_replayed_after_its_successor(s: Scene) {
        let ada = s.account("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 100).await;
        for (presented, next) in [(1, 2), (1, 3), (3, 4)] {
            assert!(proved(&rotate(&s, presented, next, now).await).is_some());
        }
        assert_eq!(rotate(&s, 1, 5, now).await, RotateSession::Replayed { user: ada });
        // Its successors are worthless now: no token is left.
        for token in [1, 2, 3, 4] {
            assert_eq!(rotate(&s, token, 5, now).await, RotateSession::Unknown);
        }
        assert_eq!(proved(&rotate(&s, 100, 101, now).await), Some(other), "another session is not concerned");
        assert_eq!(s.db.texts("SELECT session_id FROM ended_sessions").await, [id::<()>("one").to_string()]);
    }

    async fn ends_the_session_of_a_token_replayed_late(s: Scene) {
        let ada = s.account("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        rotate(&s, 1, 2, now).await;
        assert_eq!(rotate(&s, 1, 3, now.after(GRACE)).await, RotateSession::Replayed { user: ada });
        assert_eq!(s.db.count("sessions").await, 0);
    }

    async fn ends_the_session_of_a_token_exchanged_by_the_previous_version(s: Scene) {
        let ada = s.account("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        rotate(&s, 1, 2, now).await;
        s.db.execute("UPDATE refresh_tokens SET parent_hash = NULL").await;
        assert_eq!(rotate(&s, 1, 3, now).await, RotateSession::Replayed { user: ada });
    }

    async fn ends_an_expired_session(s: Scene) {
        let ada = s.account("ada").await;
        let (_, now) = open(&s, "one", ada, 1).await;
        let fresh = Rotation { session_ttl: LIFETIME / 2, ..rotation(1, 2, now.after(LIFETIME / 4)) };
        assert!(proved(&s.sessions.rotate(&fresh).await.unwrap()).is_some());
        // No token outlives the session.
        let latest = s.db.scalar_i64("SELECT max(expires_at) FROM refresh_tokens WHERE parent_hash IS NOT NULL").await;
        assert_eq!(latest, now.after(LIFETIME / 2).as_micros());
        let over = Rotation { session_ttl: LIFETIME / 2, ..rotation(2, 3, now.after(LIFETIME / 2)) };
        assert_eq!(s.sessions.rotate(&over).await.unwrap(), RotateSession::SessionExpired);
        assert_eq!((s.db.count("sessions").await, s.db.count("ended_sessions").await), (0, 1));
    }

    async fn gives_both_of_two_concurrent_requests_a_valid_successor(s: Scene) {
        let ada = s.account("ada").await;
        let s = Arc::new(s);
        for round in 0..20_u8 {
            let first = round * 10 + 1;
            let (principal, now) = open(&s, &format!("round{round}"), ada, first).await;
            let rotated = |presented: u8, next: u8| {
                let s = Arc::clone(&s);
                tokio::spawn(async move { rotate(&s, presented, next, now).await })
            };
            let (one, two) = (rotated(first, first + 1), rotated(first, first + 2));
            for outcome in [one.await.unwrap(), two.await.unwrap()] {
                assert_eq!(proved(&outcome), Some(principal));
            }
            for next in [first + 1, first + 2] {
                assert_eq!(proved(&rotate(&s, next, next + 2, now).await), Some(principal));
            }
        }
    }
}

mod list {
    use super::*;

    on_both_databases![shows_newest_first_with_their_last_use, comes_in_pages];

    async fn shows_newest_first_with_their_last_use(s: Scene) {
        let (ada, bob) = (s.account("ada").await, s.account("bob").await);
        let (first, _) = open(&s, "first", ada, 1).await;
        let (second, opened) = open(&s, "second", ada, 2).await;
        open(&s, "bobs", bob, 3).await;
        let used = s.now();
        rotate(&s, 1, 4, used).await;
        let listed = s.sessions.list(ada, first_page()).await.unwrap();
        assert_eq!(each(&listed, |view| view.session.id), [second.session_id, first.session_id]);
        assert_eq!(each(&listed, |view| view.last_used_at), [opened, used]);
        assert_eq!(listed.items[1].session.user_agent, UserAgent::clean("first"));
    }

    async fn comes_in_pages(s: Scene) {
        let ada = s.account("ada").await;
        for number in 0..5 {
            open(&s, &format!("session{number}"), ada, number).await;
        }
        let whole = each(&s.sessions.list(ada, first_page()).await.unwrap(), |view| view.session.id);
        let first = s.sessions.list(ada, page(3, None)).await.unwrap();
        let rest = s.sessions.list(ada, page(3, first.next)).await.unwrap();
        assert_eq!([each(&first, |view| view.session.id), each(&rest, |view| view.session.id)].concat(), whole);
        assert_eq!((whole.len(), rest.next), (5, None));
    }
}

mod close {
    use super::*;

    on_both_databases![
        ends_one_session,
        ends_all_others,
        two_sessions_that_end_all_others_leave_one_at_most,
        finds_no_ended_session_and_none_of_others,
        does_nothing_for_a_session_that_has_ended,
    ];

    async fn ends_one_session(s: Scene) {
        let ada = s.account("ada").await;
        let (one, now) = open(&s, "one", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 2).await;
        assert_eq!(s.sessions.close(other, one.session_id).await.unwrap(), CloseSession::Closed);
        assert_eq!(rotate(&s, 1, 3, now).await, RotateSession::Unknown);
        assert_eq!(proved(&rotate(&s, 2, 3, now).await), Some(other));
        // Also the session that acts.
        assert_eq!(s.sessions.close(other, other.session_id).await.unwrap(), CloseSession::Closed);
        assert_eq!((s.db.count("sessions").await, s.db.count("ended_sessions").await), (0, 2));
    }

    async fn ends_all_others(s: Scene) {
        let (ada, bob) = (s.account("ada").await, s.account("bob").await);
        let (kept, now) = open(&s, "kept", ada, 1).await;
        open(&s, "other", ada, 2).await;
        open(&s, "another", ada, 3).await;
        let (of_bob, _) = open(&s, "bobs", bob, 4).await;
        for _ in 0..2 {
            assert_eq!(s.sessions.close_others(kept).await.unwrap(), CloseSession::Closed);
        }
        assert_eq!(proved(&rotate(&s, 1, 11, now).await), Some(kept));
        assert_eq!(proved(&rotate(&s, 4, 14, now).await), Some(of_bob));
        assert_eq!((s.db.count("sessions").await, s.db.count("ended_sessions").await), (2, 2));
    }

    async fn two_sessions_that_end_all_others_leave_one_at_most(s: Scene) {
        let ada = s.account("ada").await;
        let (one, _) = open(&s, "one", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 2).await;
        let (of_one, of_other) = tokio::join!(s.sessions.close_others(one), s.sessions.close_others(other));
        assert!([of_one.unwrap(), of_other.unwrap()].contains(&CloseSession::Closed));
        let (left, ended) = (s.db.count("sessions").await, s.db.count("ended_sessions").await);
        assert!(left <= 1 && left + ended == 2, "{left} left, {ended} ended");
    }

    async fn finds_no_ended_session_and_none_of_others(s: Scene) {
        let (ada, bob) = (s.account("ada").await, s.account("bob").await);
        let (one, _) = open(&s, "one", ada, 1).await;
        let (of_bob, _) = open(&s, "bobs", bob, 2).await;
        for gone in [id("nothing"), of_bob.session_id] {
            assert_eq!(s.sessions.close(one, gone).await.unwrap(), CloseSession::NotFound);
        }
        assert_eq!(s.db.count("sessions").await, 2);
    }

    async fn does_nothing_for_a_session_that_has_ended(s: Scene) {
        let ada = s.account("ada").await;
        let (ended, _) = open(&s, "ended", ada, 1).await;
        let (kept, _) = open(&s, "kept", ada, 2).await;
        s.sessions.close(kept, ended.session_id).await.unwrap();
        assert_eq!(s.sessions.close(ended, kept.session_id).await.unwrap(), CloseSession::SessionEnded);
        assert_eq!(s.sessions.close_others(ended).await.unwrap(), CloseSession::SessionEnded);
        assert_eq!(s.db.count("sessions").await, 1);
    }
}

mod purge {
    use super::*;

    on_both_databases![purges_sessions_without_valid_tokens, purges_ends_from_before_a_time];

    async fn purges_sessions_without_valid_tokens(s: Scene) {
        let ada = s.account("ada").await;
        let (_, start) = open(&s, "over", ada, 1).await;
        open(&s, "rotated", ada, 2).await;
        let later = start.after(LIFETIME / 2);
        assert!(proved(&rotate(&s, 2, 3, later).await).is_some());

        let purge = async |now| s.sessions.purge(now, now).await.unwrap();
        assert_eq!(purge(start.after(LIFETIME).before(Duration::from_micros(1))).await, 0);
        assert_eq!(purge(start.after(LIFETIME)).await, 1);
        assert_eq!(s.db.texts("SELECT id FROM sessions").await, [id::<()>("rotated").to_string()]);
        assert_eq!(purge(later.after(LIFETIME)).await, 1);
        assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
    }

    async fn purges_ends_from_before_a_time(s: Scene) {
        let ada = s.account("ada").await;
        let mut ends = Vec::new();
        for number in 1..4 {
            let (session, _) = open(&s, &format!("session{number}"), ada, number).await;
            s.sessions.close(session, session.session_id).await.unwrap();
            ends.push(s.db.scalar_i64("SELECT max(ended_at) FROM ended_sessions").await);
        }
        s.sessions.purge(s.now(), Timestamp::from_micros(ends[1])).await.unwrap();
        let left = s.db.scalar_i64("SELECT min(ended_at) FROM ended_sessions").await;
        assert_eq!((left, s.db.count("ended_sessions").await), (ends[1], 2));
    }
}

/// A client that refreshes every minute leaves 43,200 used tokens.
mod many_tokens {
    use testkit::Engine;

    use super::*;

    on_both_databases![end_with_their_session_at_once];

    async fn end_with_their_session_at_once(s: Scene) {
        let ada = s.account("ada").await;
        let (session, start) = open(&s, "busy", ada, 1).await;
        let (other, _) = open(&s, "other", ada, 2).await;
        let bytes = match s.db.engine() {
            Engine::Postgres => "convert_to('token' || n, 'UTF8')",
            Engine::Sqlite => "CAST('token' || n AS BLOB)",
        };
        let (at, expiry) = (start.as_micros(), start.after(LIFETIME).as_micros());
        s.db.execute(&format!(
            "INSERT INTO refresh_tokens (token_hash, session_id, created_at, expires_at, used_at) \
             WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 5000) \
             SELECT {bytes}, '{}', {at}, {expiry}, {at} FROM g",
            session.session_id
        ))
        .await;
        assert_eq!(s.sessions.close(other, session.session_id).await.unwrap(), CloseSession::Closed);
        let left = s.db.count("refresh_tokens").await;
        assert!((4_000..5_000).contains(&left), "{left} are left to the purge");
        assert_eq!(rotate(&s, 1, 3, start).await, RotateSession::Unknown);
        assert_eq!(s.sessions.list(ada, first_page()).await.unwrap().items.len(), 1);
        s.sessions.purge(start.after(LIFETIME).after(LIFETIME), start).await.unwrap();
        assert_eq!((s.db.count("sessions").await, s.db.count("refresh_tokens").await), (0, 0));
    }
}
