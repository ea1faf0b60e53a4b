//! Password hashing with Argon2id.

use std::sync::Arc;

use accounts::ports::{HashingError, PasswordHash, PasswordHasher};
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use domain::Password;

use crate::queue::{HashingLimits, HashingQueue};

/// The cost of one hash, to the server and to an attacker alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB (`m`).
    memory: u32,
    /// Passes over the memory (`t`).
    passes: u32,
    /// Lanes (`p`).
    lanes: u32,
}

impl HashingCost {
    /// 19 MiB, two passes, one lane: the minimum that OWASP recommends. It takes about 20 ms on a server core.
    ///
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>
    pub const OWASP: Self = Self { memory: 19_456, passes: 2, lanes: 1 };

    /// The minimum that Argon2 accepts: 8 KiB, one pass. It protects nothing, and is for tests with many accounts.
    pub const MINIMAL_FOR_TESTS: Self = Self { memory: 8, passes: 1, lanes: 1 };

    fn params(self) -> Result<Params, argon2::Error> {
        Params::new(self.memory, self.passes, self.lanes, None)
    }

    /// A made-up hash of this cost, in PHC string format, which no known password matches. Verifying against it takes
    /// as long as against a real one.
    fn dummy_hash(self) -> PasswordHash {
        let Self { memory, passes, lanes } = self;
        let (salt, output) = ("bm9ib2R5J3Mgc2FsdCEhIQ", "A".repeat(43));
        PasswordHash(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}"))
    }
}

/// Hashes passwords with Argon2id, on blocking threads and within [`HashingLimits`].
///
/// Each hash allocates its memory and frees it. Between log-ins no memory is held.
pub struct Argon2Hasher {
    cost: HashingCost,
    dummy_hash: Arc<PasswordHash>,
    queue: HashingQueue,
}

impl Argon2Hasher {
    /// A hasher whose new hashes have `cost`. Existing hashes are verified at their own cost.
    pub fn new(cost: HashingCost, limits: HashingLimits) -> Self {
        Self { cost, dummy_hash: Arc::new(cost.dummy_hash()), queue: HashingQueue::new(limits) }
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    fn check_room(&self) -> Result<(), HashingError> {
        self.queue.check()
    }

    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        let (cost, password) = (self.cost, password.clone());
        self.queue.run(move || hash(cost, &password)).await?
    }

    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, HashingError> {
        let (dummy_hash, password) = (Arc::clone(&self.dummy_hash), password.clone());
        let job = move || {
            let matches = verify(&password, hash.as_ref().unwrap_or(&dummy_hash))?;
            Ok(matches && hash.is_some())
        };
        self.queue.run(job).await?
    }

    /// Whether the hash has the same algorithm, and at least as much memory and as many passes. A hash that costs more
    /// is current too: lowering the cost does not weaken existing hashes.
    fn is_current(&self, hash: &PasswordHash) -> bool {
        let params = phc::PasswordHash::new(&hash.0).ok().and_then(|hash| Params::try_from(&hash).ok());
        hash.0.starts_with("$argon2id$v=19$")
            && params.is_some_and(|its| its.m_cost() >= self.cost.memory && its.t_cost() >= self.cost.passes)
    }
}

/// Hashes with a new random salt. Blocks the thread.
fn hash(cost: HashingCost, password: &Password) -> Result<PasswordHash, HashingError> {
    let params = cost.params().map_err(|e| HashingError::Failed(e.into()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.expose().as_bytes()).map_err(|e| HashingError::Failed(e.into()))?;
    Ok(PasswordHash(hash.to_string()))
}

/// Verifies with the algorithm, cost and salt in the hash. Blocks the thread.
fn verify(password: &Password, hash: &PasswordHash) -> Result<bool, HashingError> {
    let hash = phc::PasswordHash::new(&hash.0).map_err(|e| HashingError::Failed(e.into()))?;
    if hash.salt.is_none() || hash.hash.is_none() {
        // Argon2 would report a wrong password instead.
        return Err(HashingError::Failed(password_hash::Error::EncodingInvalid.into()));
    }
    match Argon2::default().verify_password(password.expose().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(e) => Err(HashingError::Failed(e.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;
    use std::time::Duration;

    fn hasher(cost: HashingCost) -> Argon2Hasher {
        Argon2Hasher::new(cost, HashingLimits::for_cores(NonZeroUsize::MIN))
    }

    fn cheap() -> Argon2Hasher {
        hasher(HashingCost::MINIMAL_FOR_TESTS)
    }

    fn password(raw: &str) -> Password {
        Password::parse(raw).unwrap()
    }

    mod hash {
        use super::*;

        #[tokio::test]
        async fn names_algorithm_and_cost_in_the_hash() {
            let hash = hasher(HashingCost::OWASP).hash(&password("correct horse")).await.unwrap();
            assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        }

        #[tokio::test]
        async fn salts_every_hash_anew() {
            let hasher = cheap();
            let password = password("correct horse");
            assert_ne!(hasher.hash(&password).await.unwrap(), hasher.hash(&password).await.unwrap());
        }

        #[tokio::test]
        async fn distinguishes_overload_from_failure() {
            let hasher = Argon2Hasher::new(
                HashingCost::OWASP,
                HashingLimits { waiting: 0, ..HashingLimits::for_cores(NonZeroUsize::MIN) },
            );
            let password = password("correct horse");
            let (first, second) = tokio::join!(hasher.hash(&password), hasher.verify(&password, None));
            assert!(first.is_ok());
            assert!(matches!(second, Err(HashingError::Overloaded { .. })));
        }
    }

    #[tokio::test]
    async fn check_room_rejects_what_would_wait_too_long() {
        let limits = HashingLimits { wait: Duration::from_millis(1), ..HashingLimits::for_cores(NonZeroUsize::MIN) };
        let hasher = Argon2Hasher::new(HashingCost::OWASP, limits);
        assert!(hasher.check_room().is_ok());
        let password = password("correct horse");
        // The first is hashed, and the second waits.
        let (_, _, room) = tokio::join!(hasher.hash(&password), hasher.hash(&password), async { hasher.check_room() });
        assert!(matches!(room, Err(HashingError::Overloaded { .. })));
        assert!(hasher.check_room().is_ok());
    }

    mod is_current {
        use super::*;

        #[tokio::test]
        async fn needs_at_least_the_cost_of_new_hashes() {
            let middle = HashingCost { memory: 64, passes: 2, lanes: 1 };
            for (memory, passes, current) in
                [(64, 2, true), (128, 2, true), (64, 3, true), (63, 2, false), (64, 1, false), (8, 1, false)]
            {
                let hash =
                    hasher(HashingCost { memory, passes, lanes: 1 }).hash(&password("correct horse")).await.unwrap();
                assert_eq!(hasher(middle).is_current(&hash), current, "{memory} {passes}");
            }
        }

        #[tokio::test]
        async fn needs_the_algorithm_of_new_hashes() {
            let hash = cheap().hash(&password("correct horse")).await.unwrap();
            for other in [hash.0.replace("argon2id", "argon2i"), hash.0.replace("v=19", "v=16"), String::new()] {
                assert!(!cheap().is_current(&PasswordHash(other)));
            }
        }
    }

    mod verify {
        use super::*;

        #[tokio::test]
        async fn accepts_the_password_and_no_other() {
            let hasher = cheap();
            let hash = hasher.hash(&password("correct horse")).await.unwrap();
            assert!(hasher.verify(&password("correct horse"), Some(hash.clone())).await.unwrap());
            assert!(!hasher.verify(&password("correct Horse"), Some(hash)).await.unwrap());
        }

        #[tokio::test]
        async fn uses_the_cost_in_the_hash() {
            let dearer = HashingCost { memory: 64, passes: 3, lanes: 2 };
            let hash = hasher(dearer).hash(&password("correct horse")).await.unwrap();
            assert!(cheap().verify(&password("correct horse"), Some(hash)).await.unwrap());
        }

        #[tokio::test]
        async fn fails_on_a_malformed_hash() {
            let whole = cheap().hash(&password("correct horse")).await.unwrap().0;
            let without_output = whole.rsplit_once('$').unwrap().0.to_owned();
            for malformed in [String::new(), "secret".to_owned(), without_output, whole.replace("argon2id", "md5")] {
                let result = cheap().verify(&password("correct horse"), Some(PasswordHash(malformed.clone()))).await;
                assert!(matches!(result, Err(HashingError::Failed(_))), "{malformed}: {result:?}");
            }
        }

        #[tokio::test]
        async fn is_false_without_a_hash() {
            assert!(!cheap().verify(&password("correct horse"), None).await.unwrap());
        }

        #[test]
        fn costs_as_much_for_the_dummy_hash_as_for_a_real_one() {
            for cost in [HashingCost::OWASP, HashingCost::MINIMAL_FOR_TESTS] {
                let real = super::super::hash(cost, &password("correct horse")).unwrap().0;
                let dummy = cost.dummy_hash().0;
                let head = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
                assert_eq!(head(&real), head(&dummy));
                assert_eq!(real.len(), dummy.len());
            }
        }
    }
}
