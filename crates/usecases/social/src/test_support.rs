//! Shared by the tests of this crate.

use domain::{Clock, Id, Principal, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

pub(crate) fn id<T>(n: u32) -> Id<T> {
    Id::parse(&format!("t{n:023}")).unwrap()
}

/// User `n`, in a session of their own.
pub(crate) fn principal(n: u32) -> Principal {
    Principal { user_id: id(n), session_id: id(1000 + n) }
}
