//! Chooses distinct pairs.

use std::collections::HashSet;

use crate::chance::Chance;

/// Pairs of indices into two lists.
pub(super) struct Pairs {
    /// Lengths of the lists.
    pub(super) sizes: (usize, usize),
    /// Whether pairs of equal indices are excluded.
    pub(super) distinct: bool,
}

impl Pairs {
    /// The number of possible pairs.
    pub(super) fn capacity(&self) -> usize {
        let all = self.sizes.0.saturating_mul(self.sizes.1);
        if self.distinct { all - self.sizes.0.min(self.sizes.1) } else { all }
    }

    /// Chooses `number` distinct pairs, or all if there are fewer: first `given`, then pairs from `draw`.
    ///
    /// When nearly all pairs are chosen, `draw` mostly returns chosen ones, so the rest is taken in order.
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
    fn chooses_every_pair_on_request() {
        let pairs = Pairs { sizes: (20, 20), distinct: true };
        // Draws that rarely return a new pair.
        let chosen = pairs.choose(&mut chance::of(1, "pairs", 0), 1_000, [(3, 4)], |c| (0, c.random_range(0..20)));
        assert_eq!(chosen.len(), 380);
        assert_eq!(chosen[0], (3, 4));
        assert_eq!(chosen.iter().collect::<HashSet<_>>().len(), 380);
        assert!(chosen.iter().all(|(a, b)| a != b));
    }

    #[test]
    fn chooses_no_more_than_requested() {
        let pairs = Pairs { sizes: (5, 7), distinct: false };
        assert_eq!(pairs.capacity(), 35);
        assert_eq!(pairs.choose(&mut chance::of(1, "pairs", 0), 1, [(0, 1), (0, 2)], |_| (1, 1)), [(0, 1)]);
        assert_eq!(pairs.choose(&mut chance::of(1, "pairs", 0), 0, [], |_| (1, 1)), []);
    }
}
