//! Ids that are unique across instances.

use domain::{Cuid, IdGenerator};

/// Generates CUID2 ids of 24 characters, from random bytes, the time, a counter and a fingerprint of the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct CuidGenerator;

impl IdGenerator for CuidGenerator {
    #[expect(clippy::disallowed_methods, reason = "this is the `IdGenerator` that all other code uses")]
    fn generate(&self) -> Cuid {
        loop {
            // The first try succeeds. The loop only covers the case that the crate ever generates an invalid id.
            if let Ok(id) = Cuid::parse(&cuid2::create_id()) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    mod generate {
        use super::super::*;
        use std::collections::HashSet;

        #[test]
        fn makes_ten_thousand_different_ids_of_the_canonical_form() {
            let ids: HashSet<Cuid> = (0..10_000).map(|_| CuidGenerator.generate()).collect();
            assert_eq!(ids.len(), 10_000);
            assert!(ids.iter().all(|id| Cuid::parse(id.as_str()) == Ok(*id)));
        }

        #[test]
        #[expect(clippy::disallowed_methods, reason = "the crate's own form is what is under test")]
        fn succeeds_at_the_first_try() {
            assert!((0..1_000).all(|_| Cuid::parse(&cuid2::create_id()).is_ok()));
        }

        #[test]
        fn makes_different_ids_on_different_threads() {
            let make = || (0..1_000).map(|_| CuidGenerator.generate()).collect::<Vec<_>>();
            let ids: HashSet<Cuid> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(ids.len(), 4_000);
        }
    }
}
