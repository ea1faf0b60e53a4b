//! Repeatable randomness.

use domain::{Cuid, Id};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// A random number generator. The algorithm is fixed instead of the library's default, so that a library update does
/// not change the world of a seed.
pub type Chance = Xoshiro256PlusPlus;

/// A generator that depends on `seed`, a name and a number, and is independent of other names and numbers.
pub fn of(seed: u64, name: &str, number: u64) -> Chance {
    Chance::seed_from_u64(derive(seed, name, number))
}

/// A seed that depends on `seed`, a name and a number.
pub fn derive(seed: u64, name: &str, number: u64) -> u64 {
    let named = name.bytes().fold(mix(seed), |hash, byte| mix(hash ^ u64::from(byte)));
    mix(named ^ mix(number))
}

/// The finaliser of `SplitMix64`: each bit of `x` affects about half of the result's bits.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A random id in the form of CUID2.
pub fn id<T>(chance: &mut Chance) -> Id<T> {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    loop {
        let text: String = (0..Cuid::LENGTH)
            .map(|place| {
                let choice = if place == 0 { 26 } else { DIGITS.len() };
                char::from(DIGITS[chance.random_range(0..choice)])
            })
            .collect();
        // The first try is valid in practice; `CuidGenerator` explains the exception.
        if let Ok(id) = Id::parse(&text) {
            return id;
        }
    }
}

/// A random element of `choices`, which must not be empty.
pub fn pick<'a, T: ?Sized>(chance: &mut Chance, choices: &[&'a T]) -> &'a T {
    choices[chance.random_range(0..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::User;
    use std::collections::HashSet;

    #[test]
    fn is_the_same_for_the_same_name_only() {
        let draw = |seed, name, number| of(seed, name, number).random::<u64>();
        assert_eq!(draw(42, "users", 7), draw(42, "users", 7));
        let others = [draw(42, "users", 7), draw(43, "users", 7), draw(42, "posts", 7), draw(42, "users", 8)];
        assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len());
    }

    /// Other values would change the world for everyone who has seeded before.
    #[test]
    fn stays_as_it_is() {
        assert_eq!(derive(42, "users", 0), 13_790_248_366_666_720_738);
        assert_eq!(id::<User>(&mut of(42, "users", 0)).to_string(), "v44dy69ls5i7nrtlnc39f4zw");
    }

    #[test]
    fn makes_ids_that_differ() {
        let mut chance = of(1, "ids", 0);
        let ids: HashSet<Id<User>> = (0..10_000).map(|_| id(&mut chance)).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
