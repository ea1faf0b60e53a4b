//! Skewed distributions: few elements are very popular, most are hardly known.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::chance::Chance;

/// Draws from `0..n` by Zipf's law: the element at rank `k` is drawn in proportion to `1 / k^steepness`. The ranking
/// is random.
#[derive(Debug)]
pub struct Skew {
    /// Elements by rank, the most popular first.
    ranking: Vec<usize>,
    /// Cumulative weights by rank.
    sums: Vec<f64>,
}

impl Skew {
    /// Ranks `0..n` at random.
    pub fn new(chance: &mut Chance, n: usize, steepness: f64) -> Self {
        let mut ranking: Vec<usize> = (0..n).collect();
        ranking.shuffle(chance);
        let mut place = 0.0_f64;
        let mut sum = 0.0;
        let sums = (0..n)
            .map(|_| {
                place += 1.0;
                sum += place.powf(-steepness);
                sum
            })
            .collect();
        Self { ranking, sums }
    }

    /// An element of `0..n`; 0 if `n` is 0.
    pub fn draw(&self, chance: &mut Chance) -> usize {
        let Some(total) = self.sums.last() else {
            return 0;
        };
        let at = chance.random::<f64>() * total;
        let place = self.sums.partition_point(|sum| *sum <= at);
        self.ranking[place.min(self.ranking.len() - 1)]
    }

    /// The `k` most popular elements.
    pub fn top(&self, k: usize) -> &[usize] {
        &self.ranking[..k.min(self.ranking.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;

    #[test]
    fn favours_the_top_of_the_ranking() {
        let mut chance = chance::of(42, "skew", 0);
        let skew = Skew::new(&mut chance, 100, 1.0);
        let mut draws = vec![0_u32; 100];
        for _ in 0..100_000 {
            draws[skew.draw(&mut chance)] += 1;
        }
        let share = |place: usize| f64::from(draws[skew.ranking[place]]) / 100_000.0;
        // The harmonic number of 100 is 5.187.
        assert!((share(0) - 1.0 / 5.187).abs() < 0.01, "{}", share(0));
        assert!((share(9) - 0.1 / 5.187).abs() < 0.005, "{}", share(9));
        assert!(draws.iter().all(|n| *n > 0), "everybody has a chance");
    }
}
