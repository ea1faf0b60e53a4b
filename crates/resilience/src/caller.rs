//! The caller for whom the current task works. Gates share their permits fairly among callers.
//!
//! The HTTP shell opens a [`scope`] for the caller, and a gate deep in an adapter reads the [`current`] one. The
//! ports in between need no parameter for it.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::LazyLock;

tokio::task_local! {
    static CURRENT: Caller;
}

/// Random keys per process: a client cannot choose an identity that collides with another one.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The origin of requests: a user, or a network. An opaque hash, valid within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller(u64);

impl Caller {
    /// The server itself; the caller outside of any scope.
    pub const SERVER: Self = Self(0);

    /// The caller with this identity.
    pub fn of(identity: &impl Hash) -> Self {
        Self(KEYS.hash_one(identity))
    }
}

/// Runs `work` on behalf of `caller`.
pub async fn scope<F: Future>(caller: Caller, work: F) -> F::Output {
    CURRENT.scope(caller, work).await
}

/// The caller for whom the current task works. Spawned tasks work for [`Caller::SERVER`].
pub fn current() -> Caller {
    CURRENT.try_with(|caller| *caller).unwrap_or(Caller::SERVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_set_within_the_scope_only() {
        let ada = Caller::of(&"ada");
        assert_eq!(scope(ada, async { current() }).await, ada);
        assert_eq!(current(), Caller::SERVER);
        assert_eq!(scope(ada, async { tokio::spawn(async { current() }).await.unwrap() }).await, Caller::SERVER);
    }

    #[test]
    fn is_equal_for_equal_identities_only() {
        assert_eq!(Caller::of(&("user", 1)), Caller::of(&("user", 1)));
        assert_ne!(Caller::of(&("user", 1)), Caller::of(&("user", 2)));
    }
}
