//! The file `.env`: variables for a laptop.

use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::problem::Problem;
use super::variables::VARIABLES;

/// A variable that a file sets.
pub(super) struct Entry {
    /// The line on which it ends, from 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: String,
}

/// The entries of a file, and every malformed line. Leaves the environment of the process alone. A missing file has no
/// entries. No problem shows the text of a line, which may be half of a secret.
pub(super) fn read(path: &Path) -> (Vec<Entry>, Vec<Problem>) {
    let file = path.display().to_string();
    let explanation = match fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => return parse(&file, text.trim_start_matches('\u{feff}')),
        Ok(Err(_)) => "is not text in UTF-8".to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(error) => format!("cannot be read: {error}"),
    };
    (Vec::new(), vec![Problem::new(file, explanation)])
}

fn parse(file: &str, text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let last_line = Cell::new(0);
    for entry in dotenvy::from_read_iter(Lines { rest: text.as_bytes(), lines_read: &last_line }) {
        match entry {
            Ok((name, value)) => entries.push(Entry { line: last_line.get(), name, value }),
            Err(dotenvy::Error::LineParse(entry, _)) => {
                // An open quote makes the entry span several lines; its first line is reported.
                let line = last_line.get().saturating_sub(entry.lines().count());
                let explanation = explain(text.lines().nth(line).unwrap_or_default());
                problems.push(Problem::new(format!("{file} line {}", line + 1), explanation));
            }
            Err(other) => problems.push(Problem::new(file, format!("cannot be read: {other}"))),
        }
    }
    (entries, problems)
}

fn explain(line: &str) -> String {
    const RULE: &str = "expected NAME=value, and a value with spaces or quotes in it between single quotes";
    let name = line.split_once('=').map(|(name, _)| name.trim());
    // An unknown name might be a part of a secret.
    match name.filter(|name| VARIABLES.iter().any(|variable| variable.name == *name)) {
        Some(name) => format!("({name}) is malformed; {RULE}"),
        None => format!("is malformed; {RULE}"),
    }
}

/// Provides a text line by line, and counts the lines that were read.
struct Lines<'a> {
    rest: &'a [u8],
    /// The number of lines that were read to their end.
    lines_read: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let length = line.min(buffer.len());
        self.lines_read.set(self.lines_read.get() + usize::from(length == line && length > 0));
        self.rest.read(&mut buffer[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a text, as `line name=value`.
    fn entries(text: &str) -> Vec<String> {
        let (entries, problems) = parse(".env", text);
        assert_eq!(problems, []);
        entries.iter().map(|Entry { line, name, value }| format!("{line} {name}={value}")).collect()
    }

    #[test]
    fn parse_understands_what_people_write() {
        let text =
            "# a comment\r\n\r\nPORT=1\nexport HOST = \"::1\" # why\nSIGNING_KEY='a $b #c'\nEMPTY=\nA='b\nc'\nPORT=2";
        let expected = ["3 PORT=1", "4 HOST=::1", "5 SIGNING_KEY=a $b #c", "6 EMPTY=", "8 A=b\nc", "9 PORT=2"];
        assert_eq!(entries(text), expected);
    }

    #[test]
    fn parse_names_every_malformed_line() {
        let long = format!("SIGNING_KEY={}\nX\n", "k".repeat(100_000));
        let in_signing_key = [".env line 2 (SIGNING_KEY) is malformed"];
        for (text, expected) in [
            (
                "# fine\nPORT=1\n\nPORT 3000\nHOST=1\n1X=2\nDATABASE_URL=a b\nWORKERS=1\n",
                &[".env line 4 is malformed", ".env line 6 is malformed", ".env line 7 (DATABASE_URL) is malformed"][..],
            ),
            (&long, &[".env line 2 is malformed"]),
            // The line of the open quote.
            ("PORT=1\nSIGNING_KEY='hush", &in_signing_key),
            ("PORT=1\nSIGNING_KEY='hush\n", &in_signing_key),
            ("PORT=1\nSIGNING_KEY='hush\n\n", &in_signing_key),
            ("PORT=1\nSIGNING_KEY='hush\r\nWORKERS=1\r\n", &in_signing_key),
        ] {
            let problems = parse(".env", text).1;
            let said: Vec<_> = problems.iter().map(|p| format!("{} {}", p.variable, p.explanation)).collect();
            let said: Vec<_> = said.iter().map(|said| said.split(';').next().unwrap()).collect();
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn parse_never_shows_the_text_of_a_malformed_line() {
        for text in
            ["SIGNING_KEY='hush", "SIGNING_KEY=hush hush", "hush", "hush hush=1", "SIGNING_KEY=hush= hush", "hu-sh=1"]
        {
            let shown = format!("{:?}", parse(".env", text).1);
            assert!(shown.contains("malformed") && !shown.contains("hu"), "{shown}");
        }
    }

    #[test]
    fn read_takes_a_text_or_nothing() {
        let read = |bytes: &[u8]| {
            let path = std::env::temp_dir().join(format!("thoughts-env-{}", std::process::id()));
            fs::write(&path, bytes).unwrap();
            let (entries, problems) = read(&path);
            fs::remove_file(path).unwrap();
            (entries.len(), problems.first().map(|problem| problem.explanation.clone()))
        };
        assert_eq!(read(b"\xef\xbb\xbfPORT=1\n"), (1, None), "after a byte order mark");
        assert_eq!(read(b"PORT=\xff\n"), (0, Some("is not text in UTF-8".to_owned())));
        let (none, problems) = super::read(Path::new("/nowhere/.env"));
        assert_eq!((none.len(), problems.len()), (0, 0));
        assert!(super::read(&std::env::temp_dir()).1[0].explanation.contains("cannot be read"));
    }
}
