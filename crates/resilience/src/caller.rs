//! On whose behalf the current task works: what is shared fairly is shared among callers.
//!
//! A shell knows the caller and opens a [`scope`]; a gate far from it asks for the [`current`] one, so that no port in
//! between has to hand it on.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::LazyLock;

tokio::task_local! {
    static CURRENT: Caller;
}

/// Keyed anew in each process: nobody can choose an identity that collides with somebody else's.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Somebody who makes requests: a user, or a network. Opaque; good within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller(u64);

impl Caller {
    /// The server itself, and whoever works outside of any scope.
    pub const SERVER: Self = Self(0);

    /// The caller that `identity` stands for.
    pub fn of(identity: &impl Hash) -> Self {
        Self(KEYS.hash_one(identity))
    }
}

/// Runs `work` on behalf of `caller`.
pub async fn scope<F: Future>(caller: Caller, work: F) -> F::Output {
    CURRENT.scope(caller, work).await
}

/// On whose behalf the current task works.
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
