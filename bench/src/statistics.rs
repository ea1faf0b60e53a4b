//! Statistics.

/// The median; for an even number of figures, the mean of the middle two. Zero without figures.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The ratio of `part` to `whole`; `None` if `whole` is zero.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The change from `old` to `new` in per cent.
pub fn change(old: f64, new: f64) -> Option<f64> {
    ratio(new, old).map(|times| (times - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median([5.0, 1.0, 900.0]) - 5.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 900.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median([]).abs() < f64::EPSILON);
    }

    #[test]
    fn zero_has_no_ratio() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
    }

    #[test]
    fn changes_are_in_per_cent() {
        assert_eq!(change(50.0, 75.0), Some(50.0));
        assert_eq!(change(100.0, 50.0), Some(-50.0));
    }
}
