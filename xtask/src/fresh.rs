//! Writes generated files of the repository, or checks that they are up to date.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Writes `content` to `path`. With `check`, fails if the file has another content.
///
/// `chore` is the command that writes it, for the message.
pub(crate) fn write_or_check(path: &Path, content: &str, check: bool, chore: &str) -> Result<()> {
    if !check {
        return std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()));
    }
    let stored = match std::fs::read_to_string(path) {
        Ok(stored) => stored,
        Err(error) => bail!("cannot read {}: {error}; write it with `cargo xtask {chore}`", path.display()),
    };
    match first_difference(&stored, content) {
        None => Ok(()),
        Some(difference) => {
            bail!("{} is stale; write it again with `cargo xtask {chore}`\n{difference}", path.display())
        }
    }
}

/// The first line in which the two differ, formatted for the message.
fn first_difference(stored: &str, fresh: &str) -> Option<String> {
    if stored == fresh {
        return None;
    }
    let (mut old, mut new) = (stored.lines(), fresh.lines());
    for number in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (old, new) if old == new => {}
            (old, new) => {
                let shown = |line: Option<&str>| line.map_or("(end of file)".to_owned(), |text| format!("`{text}`"));
                return Some(format!("  line {number}: stored {}\n           fresh {}", shown(old), shown(new)));
            }
        }
    }
    Some("  they differ in their line endings".to_owned())
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn names_the_first_line_that_differs() {
        let difference = first_difference("a\nb\nc\n", "a\nB\nC\n").unwrap();
        assert!(difference.contains("line 2: stored `b`") && difference.contains("fresh `B`"), "{difference}");
    }

    #[test]
    fn names_a_line_that_is_missing_in_one() {
        let difference = first_difference("a\n", "a\nb\n").unwrap();
        assert!(difference.contains("line 2: stored (end of file)"), "{difference}");
    }

    #[test]
    fn notices_line_endings() {
        assert!(first_difference("a\r\n", "a\n").unwrap().contains("line endings"));
        assert!(first_difference("a", "a\n").unwrap().contains("line endings"));
    }
}
