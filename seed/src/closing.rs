//! The report at the end.

use std::fmt;

use indicatif::{HumanCount, HumanFloatCount};
use persistence::bulk::Loaded;

use crate::fill::Report;
use crate::test_users::{PASSWORD, TEST_USERS};

/// Formats a report for people.
pub struct Closing<'a>(pub &'a Report);

impl fmt::Display for Closing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let mut total = Loaded::default();
        writeln!(f, "{:20}{:>12}{:>15}{:>12}", "", "added", "already there", "skipped")?;
        for (what, loaded) in &report.loaded {
            total += *loaded;
            line(f, what, *loaded)?;
        }
        line(f, "total", total)?;
        let seconds = report.took.as_secs_f64();
        let offered = f64::from(u32::try_from(total.total()).unwrap_or(u32::MAX));
        writeln!(f, "{seconds:.1} seconds, {} rows a second", HumanFloatCount((offered / seconds).round()))?;
        if total.added == 0 {
            writeln!(
                f,
                "Nothing was added: all rows were already there. Use --reset to start over, --random-seed for other data."
            )?;
        }
        if total.skipped > 0 {
            writeln!(f, "Skipped rows depend on a user name that another account has, or on a row that was removed.")?;
        }
        if report.recounted > 0 {
            writeln!(f, "Corrected the counters of {} rows.", HumanCount(report.recounted))?;
        }
        log_in(f, &report.test_users)
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, loaded: Loaded) -> fmt::Result {
    let [added, there, skipped] =
        [loaded.added, loaded.already_there, loaded.skipped].map(|count| HumanCount(count).to_string());
    writeln!(f, "{what:20}{added:>12}{there:>15}{skipped:>12}")
}

fn log_in(f: &mut fmt::Formatter<'_>, usable: &[&str]) -> fmt::Result {
    let is_usable = |name: &str| usable.contains(&name);
    for user in TEST_USERS.iter().filter(|user| !is_usable(user.username)) {
        writeln!(f, "\n@{} is another account here, with its own password.", user.username)?;
    }
    let Some(first) = usable.first() else {
        return Ok(());
    };
    let (verb, names) = (if usable.len() == 1 { "logs" } else { "log" }, usable.join(", "));
    writeln!(f, "\n{names} {verb} in with the password: {PASSWORD}\n")?;
    writeln!(f, "  curl -s http://127.0.0.1:3000/v1/sessions -H 'Content-Type: application/json' \\")?;
    writeln!(f, "    -d '{{\"username\":\"{first}\",\"password\":\"{PASSWORD}\"}}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn shown(loaded: Loaded, test_users: &[&'static str]) -> String {
        let report = Report {
            loaded: vec![("users", loaded)],
            recounted: 0,
            test_users: test_users.to_vec(),
            took: Duration::from_secs(2),
        };
        Closing(&report).to_string()
    }

    #[test]
    fn shows_counts_and_a_log_in() {
        let shown = shown(Loaded { added: 1_000, already_there: 20, skipped: 0 }, &["ada", "grace", "linus"]);
        assert!(shown.contains("users                      1,000             20           0"), "{shown}");
        assert!(shown.contains("2.0 seconds, 510 rows a second"), "{shown}");
        assert!(shown.contains("ada, grace, linus log in with the password: correct horse battery"), "{shown}");
        assert!(shown.contains(r#"-d '{"username":"ada","password":"correct horse battery"}'"#), "{shown}");
        assert!(!shown.contains("another account"), "{shown}");
    }

    #[test]
    fn says_if_nothing_was_added() {
        assert!(shown(Loaded { already_there: 20, ..Loaded::default() }, &["ada"]).contains("already there."));
    }

    #[test]
    fn does_not_offer_names_of_other_accounts() {
        let shown = shown(Loaded { skipped: 1, ..Loaded::default() }, &["grace", "linus"]);
        assert!(shown.contains("@ada is another account") && shown.contains(r#""username":"grace""#), "{shown}");
    }
}
