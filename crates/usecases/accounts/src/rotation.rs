//! What becomes of a refresh token that is presented.

use std::time::Duration;

use domain::Timestamp;

use crate::ports::{NewRefreshToken, RefreshTokenHash};

/// A refresh token that is to be exchanged, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// What was presented.
    pub presented: RefreshTokenHash,
    /// What it is to be exchanged for.
    pub next: NewRefreshToken,
    /// The present.
    pub now: Timestamp,
    /// How long after its first use a token gets another successor; zero for never.
    pub grace: Duration,
    /// How long a session lasts from its log-in.
    pub session_ttl: Duration,
}

/// What is stored about a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresentedToken {
    /// When its session was opened.
    pub opened_at: Timestamp,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// When it was first used, and what became of its successors since; `None` if it is new.
    pub used: Option<(Timestamp, Successors)>,
}

/// What became of the tokens that a used one was exchanged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successors {
    /// There are some, and none of them was used.
    Unused,
    /// One was used, or nothing is known of any: a client has gone on.
    Used,
}

/// What is to become of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is exchanged for a successor that is good until this time.
    Exchanged {
        /// When the successor stops being good.
        until: Timestamp,
    },
    /// Its time is over.
    Expired,
    /// The time of its session is over, which ends.
    SessionExpired,
    /// It was used before, by its owner or by a thief, and its session ends.
    Replayed,
}

impl Rotation {
    /// What is to become of `token`.
    ///
    /// A used one that comes again may be that of a client whose answer was lost, or of its second tab: within the grace
    /// it is exchanged once more, as long as nobody has shown one of its successors. Whoever did got an answer.
    pub fn verdict(&self, token: &PresentedToken) -> Verdict {
        let session_ends = token.opened_at.after(self.session_ttl);
        let exchanged = Verdict::Exchanged { until: self.next.expires_at.min(session_ends) };
        match token.used {
            _ if session_ends <= self.now => Verdict::SessionExpired,
            Some((at, Successors::Unused)) if !self.grace.is_zero() && self.now < at.after(self.grace) => exchanged,
            Some(_) => Verdict::Replayed,
            None if token.expires_at <= self.now => Verdict::Expired,
            None => exchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::NOW;

    const SECOND: Duration = Duration::from_secs(1);
    const GRACE: Duration = Duration::from_secs(30);
    const REFRESH: Duration = Duration::from_hours(1);
    const SESSION: Duration = Duration::from_hours(3);

    fn rotation(now: Timestamp) -> Rotation {
        let next = NewRefreshToken { hash: RefreshTokenHash([2; 32]), created_at: now, expires_at: now.after(REFRESH) };
        Rotation { presented: RefreshTokenHash([1; 32]), next, now, grace: GRACE, session_ttl: SESSION }
    }

    fn token(used: Option<(Timestamp, Successors)>) -> PresentedToken {
        PresentedToken { opened_at: NOW, expires_at: NOW.after(REFRESH), used }
    }

    mod verdict {
        use super::*;

        #[test]
        fn exchanges_a_new_token_until_it_expires() {
            let before = NOW.after(REFRESH).before(Duration::from_micros(1));
            let until = before.after(REFRESH);
            assert_eq!(rotation(before).verdict(&token(None)), Verdict::Exchanged { until });
            assert_eq!(rotation(NOW.after(REFRESH)).verdict(&token(None)), Verdict::Expired);
        }

        #[test]
        fn exchanges_a_used_one_within_the_grace_of_its_first_use() {
            let used = token(Some((NOW, Successors::Unused)));
            let last = NOW.after(GRACE).before(Duration::from_micros(1));
            assert!(matches!(rotation(last).verdict(&used), Verdict::Exchanged { .. }));
            assert_eq!(rotation(NOW.after(GRACE)).verdict(&used), Verdict::Replayed);
        }

        #[test]
        fn takes_a_used_one_for_replayed_once_a_successor_was_used() {
            let used = token(Some((NOW, Successors::Used)));
            assert_eq!(rotation(NOW.after(SECOND)).verdict(&used), Verdict::Replayed);
        }

        #[test]
        fn knows_no_grace_of_zero_even_when_clocks_differ() {
            let used = token(Some((NOW.after(SECOND), Successors::Unused)));
            let none = Rotation { grace: Duration::ZERO, ..rotation(NOW) };
            assert_eq!(none.verdict(&used), Verdict::Replayed);
        }

        #[test]
        fn lets_nothing_outlive_the_session() {
            let late = NOW.after(SESSION).before(SECOND);
            let fresh = PresentedToken { expires_at: late.after(REFRESH), ..token(None) };
            assert_eq!(rotation(late).verdict(&fresh), Verdict::Exchanged { until: NOW.after(SESSION) });
            assert_eq!(rotation(NOW.after(SESSION)).verdict(&fresh), Verdict::SessionExpired);
        }
    }
}
