//! `cargo xtask check-prose`: documents, comments and the API's descriptions in plain technical English.
//!
//! Read are Markdown, the comments of sources and configuration, and the descriptions in `openapi.json`. Two rules hold
//! everywhere: a sentence has at most [`sentences::MAX_WORDS`] words, and the expressions of [`words`] have a plainer
//! one. Code, in backquotes or in blocks, is not prose. Links between documents lead to a file and a heading that exist.

mod comments;
mod descriptions;
mod links;
mod markdown;
mod sentences;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toolkit::root;

pub(crate) use links::anchors;

use crate::checkout;

/// A paragraph, a list item, a heading or a cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    /// The line where it begins, from 1.
    line: usize,
    /// On one line, each piece of code as one word.
    text: String,
}

/// A sentence that a reader would have to read twice.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    Long { words: usize, sentence: String },
    Word { used: String, better: &'static str },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long { words, sentence } => {
                write!(f, "{words} words in a sentence, at most {} are plain: {sentence}", sentences::MAX_WORDS)
            }
            Self::Word { used, better } => write!(f, "`{used}`: say {better}"),
        }
    }
}

/// Reads all prose of the checkout and fails on every finding.
pub(crate) fn run() -> Result<()> {
    let root = root();
    let (mut passages, mut found) = (0, 0);
    for path in checkout::files(&root) {
        let path = path?;
        let Some(kind) = Kind::of(&path) else { continue };
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let shown = path.strip_prefix(&root).unwrap_or(&path).display();
        for passage in kind.passages(&text)? {
            passages += 1;
            for finding in findings(&passage.text) {
                found += 1;
                eprintln!("{shown}:{}: {finding}", passage.line);
            }
        }
        if kind == Kind::Markdown {
            for link in links::of(&text) {
                if let Some(fault) = links::fault(&link, &path) {
                    found += 1;
                    eprintln!("{shown}:{}: {fault}", link.line);
                }
            }
        }
    }
    if passages == 0 {
        bail!("no prose in {}: nothing was checked", root.display());
    }
    if found > 0 {
        bail!("{found} places to mend (CONTRIBUTING.md, \"How we write\")");
    }
    eprintln!("{passages} passages in plain words, no broken link");
    Ok(())
}

/// Where the prose of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Markdown,
    /// Behind one of these marks at the start of a line.
    Comments(&'static [&'static str]),
    OpenApi,
}

impl Kind {
    /// By the name of the file; nothing for a file without prose.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        Some(match (name, extension) {
            ("openapi.json", _) => Self::OpenApi,
            (_, "md") => Self::Markdown,
            (_, "rs") => Self::Comments(&["//!", "///", "//"]),
            (_, "sql") => Self::Comments(&["--"]),
            (_, "dot") => Self::Comments(&["//"]),
            ("Dockerfile" | ".env.example" | ".dockerignore" | ".gitignore", _)
            | (_, "toml" | "yml" | "yaml" | "conf" | "sh" | "template") => Self::Comments(&["#"]),
            _ => return None,
        })
    }

    fn passages(self, text: &str) -> Result<Vec<Passage>> {
        Ok(match self {
            Self::Markdown => markdown::passages(text, 1),
            Self::Comments(marks) => comments::passages(text, marks),
            Self::OpenApi => descriptions::passages(text)?,
        })
    }
}

/// What is wrong with a passage.
fn findings(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sentence in sentences::of(text) {
        let words = sentences::words(sentence);
        if words.len() > sentences::MAX_WORDS {
            findings.push(Finding::Long { words: words.len(), sentence: sentence.trim().to_owned() });
        }
        findings.extend(words::unclear(&words).map(|(used, better)| Finding::Word { used, better }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_long_sentences_and_unclear_words() {
        let long = format!("One{}", " more".repeat(25));
        let found = findings(&format!("Short. {long}. Nobody reads it."));
        let [Finding::Long { words: 26, .. }, Finding::Word { used, .. }] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(used, "nobody");
        assert_eq!(findings(&format!("One{}.", " more".repeat(24))), []);
    }

    #[test]
    fn finds_the_prose_of_every_kind_of_file() {
        let of = |name| Kind::of(Path::new(name));
        assert_eq!(of("docs/api.md"), Some(Kind::Markdown));
        assert_eq!(of("a/openapi.json"), Some(Kind::OpenApi));
        assert_eq!(of("nginx/nginx.conf"), Some(Kind::Comments(&["#"])));
        assert_eq!(of("Dockerfile"), of(".env.example"));
        assert_eq!((of("Cargo.lock"), of("assets/erd.svg")), (None, None));
    }
}
