//! Who does what to whom, each pair once.

use std::collections::HashSet;

use crate::chance::Chance;

/// Pairs of which both sides are places in lists.
pub(super) struct Pairs {
    /// How long the lists are.
    pub(super) sizes: (usize, usize),
    /// Whether a pair of equals does not count.
    pub(super) distinct: bool,
}

impl Pairs {
    /// How many there are.
    pub(super) fn capacity(&self) -> usize {
        let all = self.sizes.0.saturating_mul(self.sizes.1);
        if self.distinct { all - self.sizes.0.min(self.sizes.1) } else { all }
    }

    /// `number` of them (or all, if that is fewer), no one twice: first `given`, then what `draw` comes up with.
    ///
    /// When nearly all pairs are wanted, `draw` keeps coming up with those that were taken; the rest is taken in order.
    pub(super) fn choose(
        &self,
        chance: &mut Chance,
        number: usize,
        given: impl IntoIterator<Item = (usize, usize)>,
        draw: impl Fn(&mut Chance) -> (usize, usize),
    ) -> Vec<(usize, usize)> {
        let number = number.min(self.capacity());
        let mut chosen = Vec::with_capacity(number);
        let mut taken = HashSet::with_capacity(number);
        let mut draws_left = number.saturating_mul(16).saturating_add(1_000);
        let drawn = std::iter::from_fn(|| {
            draws_left -= 1;
            (draws_left > 0).then(|| draw(chance))
        });
        let all = (0..self.sizes.0).flat_map(|a| (0..self.sizes.1).map(move |b| (a, b)));
        for pair in given.into_iter().chain(drawn).chain(all) {
            if chosen.len() == number {
                break;
            }
            if !(self.distinct && pair.0 == pair.1) && taken.insert(pair) {
                chosen.push(pair);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;
    use rand::RngExt;

    #[test]
    fn takes_every_pair_when_all_are_wanted() {
        let pairs = Pairs { sizes: (20, 20), distinct: true };
        // Draws that never come up with most of the pairs.
        let chosen = pairs.choose(&mut chance::of(1, "pairs", 0), 1_000, [(3, 4)], |c| (0, c.random_range(0..20)));
        assert_eq!(chosen.len(), 380);
        assert_eq!(chosen[0], (3, 4));
        assert_eq!(chosen.iter().collect::<HashSet<_>>().len(), 380);
        assert!(chosen.iter().all(|(a, b)| a != b));
    }

    #[test]
    fn takes_no_more_than_wanted() {
        let pairs = Pairs { sizes: (5, 7), distinct: false };
        assert_eq!(pairs.capacity(), 35);
        assert_eq!(pairs.choose(&mut chance::of(1, "pairs", 0), 1, [(0, 1), (0, 2)], |_| (1, 1)), [(0, 1)]);
        assert_eq!(pairs.choose(&mut chance::of(1, "pairs", 0), 0, [], |_| (1, 1)), []);
    }
}
