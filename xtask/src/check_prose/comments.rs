//! The prose in comments, which is Markdown behind a mark.

use super::{Passage, markdown};

/// The passages of all comments that have a line of their own. `marks`: what they begin with, the longest first.
pub(super) fn passages(source: &str, marks: &'static [&'static str]) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut block = Block { mark: "", first: 1, text: String::new() };
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.trim();
        let comment = marks.iter().find_map(|mark| Some((*mark, line.strip_prefix(mark)?)));
        // The first line of a script names its interpreter.
        let comment = comment.filter(|_| !line.starts_with("#!"));
        let (mark, text) = comment.unwrap_or_default();
        if mark != block.mark {
            passages.extend(markdown::passages(&block.text, block.first));
            block = Block { mark, first: number, text: String::new() };
        }
        if !mark.is_empty() {
            block.text.push_str(text.strip_prefix(' ').unwrap_or(text));
            block.text.push('\n');
        }
    }
    passages.extend(markdown::passages(&block.text, block.first));
    passages
}

/// Lines that follow each other and begin with the same mark; with none, lines of code.
struct Block {
    mark: &'static str,
    first: usize,
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str, marks: &'static [&'static str]) -> Vec<(usize, String)> {
        passages(source, marks).into_iter().map(|Passage { line, text }| (line, text)).collect()
    }

    #[test]
    fn reads_each_comment_as_markdown() {
        let source = "//! Head.\n\n/// Says\n/// more.\n/// ```\n/// code\n/// ```\n// Why.\nfn f() {} // beside\n";
        let expected = [(1, "Head."), (3, "Says more."), (8, "Why.")];
        assert_eq!(found(source, &["//!", "///", "//"]), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn reads_comments_of_configuration() {
        assert_eq!(found("#!/bin/sh\n# Why.\nkey = 1 # beside\n", &["#"]).last(), Some(&(2, "Why.".to_owned())));
    }
}
