//! Decides what happens to a presented refresh token.

use std::time::Duration;

use domain::Timestamp;

use crate::refresh_token::{NewRefreshToken, RefreshTokenHash};

/// The exchange of a refresh token, and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The hash of the presented token.
    pub presented: RefreshTokenHash,
    /// The successor to store.
    pub next: NewRefreshToken,
    /// The time of the exchange.
    pub now: Timestamp,
    /// How long after its first use a token may be exchanged again; zero for never.
    pub grace: Duration,
    /// How long a session lasts after its log-in.
    pub session_ttl: Duration,
}

/// The stored state of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresentedToken {
    /// When its session was opened.
    pub opened_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was first used, and the state of its successors; `None` if it is unused.
    pub used: Option<(Timestamp, Successors)>,
}

/// The state of the successors of a used token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successors {
    /// There are successors, and none was used.
    Unused,
    /// A successor was used, or none is known: a client has continued with it.
    Used,
}

/// What happens to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is exchanged for a successor that is valid until this time.
    Exchanged {
        /// When the successor expires.
        until: Timestamp,
    },
    /// The token has expired.
    Expired,
    /// Its session has expired, and is ended.
    SessionExpired,
    /// It was used before, by its owner or by a thief, and its session is ended.
    Replayed,
}

impl Rotation {
    /// Decides what happens to `token`.
    ///
    /// A used token may be presented again by a client that lost the response, or by a second tab. Within the grace
    /// period it is exchanged again, as long as no successor was used. The client that used one did receive the
    /// response.
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
        fn exchanges_a_used_token_within_the_grace_of_its_first_use() {
            let used = token(Some((NOW, Successors::Unused)));
            let last = NOW.after(GRACE).before(Duration::from_micros(1));
            assert!(matches!(rotation(last).verdict(&used), Verdict::Exchanged { .. }));
            assert_eq!(rotation(NOW.after(GRACE)).verdict(&used), Verdict::Replayed);
        }

        #[test]
        fn a_used_token_is_replayed_once_a_successor_was_used() {
            let used = token(Some((NOW, Successors::Used)));
            assert_eq!(rotation(NOW.after(SECOND)).verdict(&used), Verdict::Replayed);
        }

        #[test]
        fn a_grace_of_zero_is_never_granted_even_when_clocks_differ() {
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
