//! Random sequences of refreshes, compared with a small model of used tokens and their successors.

use std::collections::HashMap;
use std::time::Duration;

use accounts::ports::{OpenSession, RotateSession, SessionRepository};
use domain::{Session, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::{id, on_both_databases};

use crate::scene::Scene;
use crate::sessions::{GRACE, LIFETIME, SESSION, rotation, token};

on_both_databases![every_sequence_matches_the_model];

const SEQUENCES: u64 = 30;
/// A token is identified by a byte.
const STEPS: u8 = 40;

/// The model of a token that was issued.
struct Token {
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    successors: Vec<u8>,
}

/// The model of a session.
struct Model {
    opened_at: Timestamp,
    tokens: HashMap<u8, Token>,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Exchanged,
    Refused,
    /// Rejected, and the session ends.
    Ended,
}

impl Model {
    fn new(first: u8, now: Timestamp) -> Self {
        let token = Token { expires_at: now.after(LIFETIME), used_at: None, successors: Vec::new() };
        Self { opened_at: now, tokens: HashMap::from([(first, token)]) }
    }

    fn present(&mut self, number: u8, next: u8, now: Timestamp) -> Expected {
        let Some(token) = self.tokens.get(&number) else {
            return Expected::Refused;
        };
        let all_unused = token.successors.iter().all(|successor| self.tokens[successor].used_at.is_none());
        let expected = match token.used_at {
            _ if now >= self.opened_at.after(SESSION) => Expected::Ended,
            Some(used_at) if all_unused && now < used_at.after(GRACE) => Expected::Exchanged,
            Some(_) => Expected::Ended,
            None if now >= token.expires_at => Expected::Refused,
            None => Expected::Exchanged,
        };
        match expected {
            Expected::Ended => self.tokens.clear(),
            Expected::Refused => {}
            Expected::Exchanged => {
                if let Some(token) = self.tokens.get_mut(&number) {
                    token.used_at.get_or_insert(now);
                    token.successors.push(next);
                }
                let expires_at = now.after(LIFETIME).min(self.opened_at.after(SESSION));
                self.tokens.insert(next, Token { expires_at, used_at: None, successors: Vec::new() });
            }
        }
        expected
    }
}

async fn every_sequence_matches_the_model(s: Scene) {
    let ada = s.account("ada").await;
    let verified = s.verified(ada).await;
    let mut exchanged_again = 0;
    for seed in 0..SEQUENCES {
        let mut random = StdRng::seed_from_u64(seed);
        let mut now = s.now();
        let session = Session { id: id(&format!("session{seed}")), user_id: ada, created_at: now, user_agent: None };
        assert_eq!(
            s.sessions.open(&session, &token(0, now), &verified.clone().into()).await.unwrap(),
            OpenSession::Opened
        );
        let mut model = Model::new(0, now);
        for next in 1..STEPS {
            // Mostly one of the newest tokens, and mostly soon.
            let number = next.saturating_sub(random.random_range(1..=4));
            let pause = match random.random_range(0..20) {
                0 => LIFETIME / 3,
                1 | 2 => GRACE,
                _ => Duration::from_secs(random.random_range(0..12)),
            };
            now = now.after(pause);
            let was_used = model.tokens.get(&number).is_some_and(|token| token.used_at.is_some());
            let expected = model.present(number, next, now);
            let what = format!("sequence {seed}: token {number} for {next}");
            match s.sessions.rotate(&rotation(number, next, now)).await.unwrap() {
                RotateSession::Rotated { session: its, .. } => {
                    assert_eq!((expected, its), (Expected::Exchanged, session.id), "{what}");
                    exchanged_again += u32::from(was_used);
                }
                RotateSession::Unknown | RotateSession::Expired => assert_eq!(expected, Expected::Refused, "{what}"),
                RotateSession::Replayed { .. } | RotateSession::SessionExpired => {
                    assert_eq!(expected, Expected::Ended, "{what}");
                }
            }
        }
        // Tokens of the next sequence have the same numbers.
        s.db.execute("DELETE FROM refresh_tokens").await;
        s.db.execute(&format!("DELETE FROM sessions WHERE id = '{}'", session.id)).await;
    }
    assert!(exchanged_again > 20, "only {exchanged_again} were exchanged again");
}
