//! The file `.env`: variables for a laptop.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::problem::Problem;
use super::variables::find;

/// Variables by name.
pub(super) type Variables = HashMap<String, String>;

/// Reads a file, without touching the environment of the process. No file is no variables; when a name comes twice, the
/// first holds.
///
/// # Errors
/// Every malformed line. Their text is not shown, for it may be half of a secret.
pub(super) fn read(path: &Path) -> Result<Variables, Vec<Problem>> {
    let name = path.display().to_string();
    match text(path) {
        Ok(None) => Ok(Variables::new()),
        Ok(Some(text)) => parse(&name, &text, |_, _| {}),
        Err(explanation) => Err(vec![Problem::new(name, explanation)]),
    }
}

/// The names that a file sets, each with its line; those of a file that [`read`] complains about are of no interest.
pub(super) fn names(path: &Path) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    if let Ok(Some(text)) = text(path) {
        let _ = parse("", &text, |line, name| names.push((line, name.to_owned())));
    }
    names
}

/// The text of a file, if there is one; else why it cannot be read.
fn text(path: &Path) -> Result<Option<String>, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(format!("cannot be read: {e}")),
    };
    let text = String::from_utf8(bytes).map_err(|_| "is not text in UTF-8".to_owned())?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

/// The variables of a text; `found` is told of each, with the line that it ends on.
fn parse(file: &str, text: &str, mut found: impl FnMut(usize, &str)) -> Result<Variables, Vec<Problem>> {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    let last_line = Cell::new(0);
    for entry in dotenvy::from_read_iter(Lines { rest: text.as_bytes(), begun: &last_line }) {
        match entry {
            Ok((name, value)) => {
                found(last_line.get(), &name);
                variables.entry(name).or_insert(value);
            }
            Err(dotenvy::Error::LineParse(entry, _)) => {
                // The entry has several lines where a quote was left open; the first is where to look.
                let line = last_line.get().saturating_sub(entry.lines().count());
                let explanation = explain(text.lines().nth(line).unwrap_or_default());
                problems.push(Problem::new(format!("{file} line {}", line + 1), explanation));
            }
            Err(other) => problems.push(Problem::new(file, format!("cannot be read: {other}"))),
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

fn explain(line: &str) -> String {
    const RULE: &str = "expected NAME=value, and a value with spaces or quotes in it between single quotes";
    let name = line.split_once('=').map(|(name, _)| name.trim());
    // Only a name that is known is no part of a secret for certain.
    match name.and_then(find) {
        Some(variable) => format!("({}) is malformed; {RULE}", variable.name),
        None => format!("is malformed; {RULE}"),
    }
}

/// Hands out a text line by line, so that it is known how far its reader got.
struct Lines<'a> {
    rest: &'a [u8],
    /// How many lines the reader has begun.
    begun: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let length = line.min(buffer.len());
        let (now, later) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(now);
        if now.ends_with(b"\n") || (later.is_empty() && !now.is_empty()) {
            self.begun.set(self.begun.get() + 1);
        }
        self.rest = later;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    mod parse {
        use super::super::parse;

        fn problems(text: &str) -> Vec<String> {
            let found = parse(".env", text, |_, _| {}).unwrap_err();
            found
                .into_iter()
                .map(|problem| problem.variable + " " + problem.explanation.split(';').next().unwrap())
                .collect()
        }

        #[test]
        fn understands_what_people_write() {
            let text = "# a comment\r\n\r\nPORT=1\nexport HOST = \"::1\" # why\nSIGNING_KEY='a $b #c'\nEMPTY=\nPORT=2";
            let variables = parse(".env", text, |_, _| {}).unwrap();
            let get = |name: &str| variables.get(name).map(String::as_str);
            assert_eq!(get("PORT"), Some("1"), "the first holds");
            assert_eq!(get("HOST"), Some("::1"));
            assert_eq!(get("SIGNING_KEY"), Some("a $b #c"));
            assert_eq!(get("EMPTY"), Some(""));
        }

        #[test]
        fn names_every_malformed_line() {
            let text = "# fine\nPORT=1\n\nPORT 3000\nHOST=1\n1X=2\nDATABASE_URL=a b\nWORKERS=1\n";
            assert_eq!(
                problems(text),
                [".env line 4 is malformed", ".env line 6 is malformed", ".env line 7 (DATABASE_URL) is malformed"]
            );
        }

        #[test]
        fn names_the_line_where_a_quote_was_left_open() {
            for end in ["", "\n", "\n\n", "\r\nWORKERS=1\r\n"] {
                let text = format!("PORT=1\nSIGNING_KEY='hush{end}");
                assert_eq!(problems(&text), [".env line 2 (SIGNING_KEY) is malformed"], "{end:?}");
            }
        }

        #[test]
        fn tells_of_each_name_and_its_line() {
            let mut found = Vec::new();
            let text = "PORT=1\n# why\nexport HOST='a\nb'\nPORT=2";
            parse(".env", text, |line, name| found.push(format!("{line} {name}"))).unwrap();
            assert_eq!(found, ["1 PORT", "4 HOST", "5 PORT"]);
        }

        #[test]
        fn finds_lines_behind_very_long_ones() {
            let text = format!("SIGNING_KEY={}\nX\n", "k".repeat(100_000));
            assert_eq!(problems(&text), [".env line 2 is malformed"]);
        }

        #[test]
        fn never_shows_the_text_of_a_line() {
            for text in [
                "SIGNING_KEY='hush",
                "SIGNING_KEY=hush hush",
                "hush",
                "hush hush=1",
                "SIGNING_KEY=hush= hush",
                "hu-sh=1",
            ] {
                let shown = format!("{:?}", parse(".env", text, |_, _| {}).unwrap_err());
                assert!(!shown.contains("hu"), "{shown}");
            }
        }
    }

    mod read {
        use super::super::*;

        fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
            let path = std::env::temp_dir().join(format!("thoughts-{}-{name}", std::process::id()));
            fs::write(&path, bytes).unwrap();
            path
        }

        #[test]
        fn takes_no_file_for_no_variables() {
            assert_eq!(read(Path::new("/nowhere/.env")), Ok(Variables::new()));
        }

        #[test]
        fn skips_a_byte_order_mark() {
            let path = file("bom", b"\xef\xbb\xbfPORT=1\n");
            assert_eq!(read(&path).unwrap()["PORT"], "1");
            fs::remove_file(path).unwrap();
        }

        #[test]
        fn rejects_what_is_no_text_or_no_file() {
            let path = file("binary", b"PORT=\xff\n");
            assert!(read(&path).unwrap_err()[0].explanation.contains("UTF-8"));
            fs::remove_file(path).unwrap();
            assert!(read(&std::env::temp_dir()).unwrap_err()[0].explanation.contains("cannot be read"));
        }
    }
}
