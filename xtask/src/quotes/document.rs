//! The quotes of a Markdown document: a comment, and the code block directly below it.

use std::ops::Range;

use anyhow::Result;

/// A document with its quotes written anew.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// Where a quote has a fault, its code is the old one.
    pub(super) text: String,
    /// The number of quotes without a fault.
    pub(super) quotes: usize,
    pub(super) faults: Vec<Fault>,
}

/// Why a quote cannot be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line of the comment, from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

/// Writes the quotes of `document` anew. `quoted` returns the code for a path and an anchor.
pub(super) fn rewrite(document: &str, quoted: impl Fn(&str, &str) -> Result<String>) -> Rewritten {
    let lines: Vec<&str> = document.split_inclusive('\n').collect();
    let mut rewritten = Rewritten { text: String::new(), quotes: 0, faults: Vec::new() };
    let mut copied = 0;
    for (at, reference) in comments(&lines) {
        match block(&lines, at, reference, &quoted) {
            Ok((old, code)) => {
                rewritten.text.extend(lines[copied..old.start].iter().copied());
                rewritten.text.push_str(&code);
                copied = old.end;
                rewritten.quotes += 1;
            }
            Err(text) => rewritten.faults.push(Fault { line: at + 1, text }),
        }
    }
    rewritten.text.extend(lines[copied..].iter().copied());
    rewritten
}

/// The comments that name a source, outside of code blocks: the index of the line, and what follows `quote`.
fn comments<'d>(lines: &[&'d str]) -> Vec<(usize, &'d str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if let Some(fence) = Fence::opened_by(line) {
            at = fence.end(lines, at);
        } else if let Some(comment) = line.trim().strip_prefix("<!--") {
            found.extend(comment.trim_start().strip_prefix("quote ").map(|reference| (at, reference)));
        }
        at += 1;
    }
    found
}

/// The lines of the code below the comment in line `at`, and the code to write there. An error says what is wrong.
fn block(
    lines: &[&str],
    at: usize,
    reference: &str,
    quoted: impl Fn(&str, &str) -> Result<String>,
) -> Result<(Range<usize>, String), String> {
    let (path, anchor) = reference
        .strip_suffix("-->")
        .and_then(|reference| reference.trim().split_once(": "))
        .ok_or("a quote has the form `<!-- quote PATH: ANCHOR -->`")?;
    let fence = lines.get(at + 1).and_then(|line| Fence::opened_by(line));
    let fence = fence.ok_or("a quote needs a fenced code block directly below it")?;
    let end = fence.end(lines, at + 1);
    if end == lines.len() {
        return Err("the code block has no end".to_owned());
    }
    let code = quoted(path, anchor.trim()).map_err(|error| format!("{error:#}"))?;
    if code.lines().any(|line| fence.is_closed_by(line)) {
        return Err("the code contains the end of the block: make the fence longer".to_owned());
    }
    Ok((at + 2..end, code.lines().map(|line| fence.indented(line)).collect()))
}

/// The beginning of a code block.
struct Fence<'d> {
    indent: &'d str,
    /// Three or more backquotes or tildes.
    mark: &'d str,
}

impl<'d> Fence<'d> {
    fn opened_by(line: &'d str) -> Option<Self> {
        let text = line.trim_start();
        let mark = ['`', '~'].map(|sign| &text[..text.len() - text.trim_start_matches(sign).len()]);
        let mark = mark.into_iter().find(|mark| mark.len() >= 3)?;
        // Backquotes further on: a piece of code within a sentence.
        let opens = !mark.starts_with('`') || !text[mark.len()..].contains('`');
        opens.then(|| Self { indent: &line[..line.len() - text.len()], mark })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        line.trim().strip_prefix(self.mark).is_some_and(|rest| rest.chars().all(|sign| self.mark.starts_with(sign)))
    }

    /// The index of the line that closes the block opened in line `at`, or the number of lines.
    fn end(&self, lines: &[&str], at: usize) -> usize {
        let inside = lines.iter().skip(at + 1).take_while(|line| !self.is_closed_by(line));
        at + 1 + inside.count()
    }

    fn indented(&self, line: &str) -> String {
        if line.is_empty() { "\n".to_owned() } else { format!("{}{line}\n", self.indent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, anchor: &str) -> Result<String> {
        anyhow::ensure!(path != "none", "there is no {path}");
        Ok(format!("{path}\n\n    {anchor}\n"))
    }

    fn fault(document: &str) -> (usize, String) {
        let rewritten = rewrite(document, named);
        assert_eq!((rewritten.text.as_str(), rewritten.quotes), (document, 0));
        let [fault] = <[Fault; 1]>::try_from(rewritten.faults).unwrap();
        (fault.line, fault.text)
    }

    #[test]
    fn writes_the_code_of_every_quote() {
        let document = "A\n\n<!-- quote a.rs: fn a: b -->\n```rust\nold\n```\nB\n\n\
                        - item\n\n  <!-- quote b.rs: b -->\n  ~~~\n  ~~~\n";
        let expected = "A\n\n<!-- quote a.rs: fn a: b -->\n```rust\na.rs\n\n    fn a: b\n```\nB\n\n\
                        - item\n\n  <!-- quote b.rs: b -->\n  ~~~\n  b.rs\n\n      b\n  ~~~\n";
        assert_eq!(rewrite(document, named), Rewritten { text: expected.to_owned(), quotes: 2, faults: Vec::new() });
    }

    #[test]
    fn leaves_other_blocks_and_comments_alone() {
        let document = "```md\n<!-- quote a.rs: a -->\n```\n\n<!-- run: NAME -->\n```sh\nrun\n```\n\n\
                        ```code``` in a sentence, `<!-- quote a.rs: a -->` too\n";
        assert_eq!(rewrite(document, named), Rewritten { text: document.to_owned(), quotes: 0, faults: Vec::new() });
    }

    #[test]
    fn says_what_is_wrong_with_a_quote() {
        assert_eq!(fault("A\n<!-- quote none: a -->\n```\n```\n"), (2, "there is no none".to_owned()));
        for (document, part) in [
            ("<!-- quote a.rs -->\n```\n```\n", "has the form"),
            ("<!-- quote a.rs: a\n-->\n```\n```\n", "has the form"),
            ("<!-- quote a.rs: a -->\n\n```\n```\n", "directly below"),
            ("<!-- quote a.rs: a -->\n```\nopen\n", "no end"),
            ("<!-- quote a.rs: ``` -->\n```\n```\n", "longer"),
        ] {
            assert!(fault(document).1.contains(part), "{document}");
        }
        assert_eq!(rewrite("<!-- quote a.rs: ``` -->\n````\n````\n", named).quotes, 1);
    }
}
