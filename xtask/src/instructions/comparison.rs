//! Compares counts with their budgets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Result, bail};

/// Percentage of the budget above which work takes too many instructions.
const TOO_MANY: u64 = 105;
/// Percentage of the budget below which the budget is too high.
const FEW: u64 = 90;

/// The verdict on a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Within the budget.
    Good,
    /// Far below the budget, which should be lowered.
    BudgetTooHigh,
    /// Above the tolerance.
    TooMany,
    /// The work has no budget.
    NoBudget,
    /// The budget has no work.
    NoWork,
}

impl Verdict {
    fn of(count: Option<u64>, budget: Option<u64>) -> Self {
        match (count, budget) {
            (Some(count), Some(budget)) if count * 100 > budget * TOO_MANY => Self::TooMany,
            (Some(count), Some(budget)) if count * 100 < budget * FEW => Self::BudgetTooHigh,
            (Some(_), Some(_)) => Self::Good,
            (Some(_), None) => Self::NoBudget,
            (None, _) => Self::NoWork,
        }
    }

    fn fails(self) -> bool {
        matches!(self, Self::TooMany | Self::NoBudget | Self::NoWork)
    }

    fn shown(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::BudgetTooHigh => "ok; lower the budget (--update)",
            Self::TooMany => "TOO MANY",
            Self::NoBudget => "NO BUDGET (--update)",
            Self::NoWork => "NO SUCH WORK (--update)",
        }
    }
}

struct Line {
    work: String,
    count: Option<u64>,
    budget: Option<u64>,
    verdict: Verdict,
}

/// All work, by name.
pub(super) struct Comparison(Vec<Line>);

impl Comparison {
    pub(super) fn new(counts: &BTreeMap<String, u64>, budgets: &BTreeMap<String, u64>) -> Self {
        let works: BTreeSet<_> = counts.keys().chain(budgets.keys()).collect();
        let line = |work: &String| {
            let (count, budget) = (counts.get(work).copied(), budgets.get(work).copied());
            Line { work: work.clone(), count, budget, verdict: Verdict::of(count, budget) }
        };
        Self(works.into_iter().map(line).collect())
    }

    /// Fails if any work takes too many instructions or cannot be judged.
    pub(super) fn verdict(&self) -> Result<()> {
        let failing: Vec<_> =
            self.0.iter().filter(|line| line.verdict.fails()).map(|line| line.work.as_str()).collect();
        if failing.is_empty() {
            return Ok(());
        }
        bail!(
            "not within budget: {}. Fix it, or if it is justified, accept the new counts with `cargo xtask \
             instructions --update` and say why in the commit",
            failing.join(", ")
        )
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|line| line.work.len()).max().unwrap_or_default().max("work".len());
        write!(f, "{:width$}  {:>12}  {:>12}  {:>8}", "work", "instructions", "budget", "change")?;
        for Line { work, count, budget, verdict } in &self.0 {
            let number = |number: &Option<u64>| number.map_or("–".to_owned(), |number| number.to_string());
            let change = count.zip(*budget).map_or("–".to_owned(), |(count, budget)| change(count, budget));
            let verdict = verdict.shown();
            write!(f, "\n{work:width$}  {:>12}  {:>12}  {change:>8}  {verdict}", number(count), number(budget))?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is for show, with one digit after the point")]
fn change(count: u64, budget: u64) -> String {
    format!("{:+.1} %", (count as f64 / budget as f64 - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lines: &[(&str, u64)]) -> BTreeMap<String, u64> {
        lines.iter().map(|(work, count)| ((*work).to_owned(), *count)).collect()
    }

    #[test]
    fn tolerates_small_increases_only() {
        for (count, expected) in [
            (1050, Verdict::Good),
            (1051, Verdict::TooMany),
            (1000, Verdict::Good),
            (900, Verdict::Good),
            (899, Verdict::BudgetTooHigh),
        ] {
            assert_eq!(Verdict::of(Some(count), Some(1000)), expected, "{count}");
        }
    }

    #[test]
    fn fails_for_too_many_and_names_the_work() {
        let budgets = table(&[("cursor", 1000), ("id", 1000), ("publish", 1000)]);
        let comparison = Comparison::new(&table(&[("cursor", 500), ("id", 2000), ("publish", 1000)]), &budgets);
        let error = comparison.verdict().unwrap_err().to_string();
        assert!(error.starts_with("not within budget: id. "), "{error}");
        assert!(Comparison::new(&budgets, &budgets).verdict().is_ok());
    }

    #[test]
    fn fails_where_there_is_nothing_to_compare() {
        let (some, none) = (table(&[("id", 1000)]), table(&[]));
        assert!(Comparison::new(&some, &none).verdict().is_err());
        assert!(Comparison::new(&none, &some).verdict().is_err());
    }

    #[test]
    fn shows_counts_budgets_and_changes() {
        let counts = table(&[("cursor", 1100), ("id", 1004)]);
        let shown = Comparison::new(&counts, &table(&[("cursor", 1000), ("feed", 70)])).to_string();
        let expected = "work    instructions        budget    change\n\
                        cursor          1100          1000   +10.0 %  TOO MANY\n\
                        feed               –            70         –  NO SUCH WORK (--update)\n\
                        id              1004             –         –  NO BUDGET (--update)";
        assert_eq!(shown, expected);
    }
}
