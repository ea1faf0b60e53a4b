//! `cargo xtask quotes`: writes the code blocks of documents from the sources that they quote.
//!
//! A comment directly above a code block of a Markdown file names the source: `<!-- quote PATH: ANCHOR -->`. The path
//! begins at the root of the checkout. The anchor is the beginning of exactly one line there, after its indentation;
//! [`source`] decides how much is quoted.
//!
//! Callers: the chore, and the lint step of `cargo xtask test`. No document is written while a quote has a fault: a
//! missing source, a missing or ambiguous anchor, no code block.

mod document;
mod source;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toolkit::root;

use crate::{checkout, fresh};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Write nothing, and fail if a quote is stale
    #[arg(long)]
    check: bool,
}

/// Writes all quotes of the checkout, or checks them.
pub(crate) fn run(args: Args) -> Result<()> {
    write_or_check(&root(), args.check)
}

/// Fails if a quote is stale or has a fault.
pub(crate) fn check() -> Result<()> {
    write_or_check(&root(), true)
}

fn write_or_check(root: &Path, check: bool) -> Result<()> {
    let (mut documents, mut quotes, mut faults) = (Vec::new(), 0, 0);
    for path in checkout::files(root) {
        let path = path?;
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let rewritten = document::rewrite(&text, |source, anchor| quoted(root, source, anchor));
        for fault in &rewritten.faults {
            eprintln!("{}:{}: {}", path.strip_prefix(root).unwrap_or(&path).display(), fault.line, fault.text);
        }
        quotes += rewritten.quotes;
        faults += rewritten.faults.len();
        if rewritten.quotes > 0 {
            documents.push((path, rewritten.text));
        }
    }
    if faults > 0 {
        bail!("{faults} quotes to mend by hand (CONTRIBUTING.md, \"Quoting code in documents\")");
    }
    if quotes == 0 {
        bail!("no quote in {}: nothing was checked", root.display());
    }
    for (path, text) in &documents {
        fresh::write_or_check(path, text, check, "quotes")?;
    }
    eprintln!("{quotes} quotes agree with their sources");
    Ok(())
}

fn quoted(root: &Path, source: &str, anchor: &str) -> Result<String> {
    let path = root.join(source);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {source}"))?;
    source::quoted(&text, anchor).with_context(|| format!("in {source}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "/// Adds.\npub fn add() {\n    one();\n}\n\npub fn remove() {}\n";

    /// A checkout with one source and one document.
    fn checkout(document: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("lib.rs"), SOURCE).unwrap();
        std::fs::write(root.path().join("page.md"), document).unwrap();
        root
    }

    #[test]
    fn a_written_quote_is_no_longer_stale() {
        let root = checkout("Text.\n\n<!-- quote lib.rs: pub fn add -->\n```rust\nstale\n```\n\nMore.\n");
        let stale = write_or_check(root.path(), true).unwrap_err().to_string();
        let parts = ["page.md is stale", "`cargo xtask quotes`", "line 5: stored `stale`", "fresh `/// Adds.`"];
        assert!(parts.iter().all(|part| stale.contains(part)), "{stale}");
        write_or_check(root.path(), false).unwrap();
        write_or_check(root.path(), true).unwrap();
        let written = std::fs::read_to_string(root.path().join("page.md")).unwrap();
        let code = "/// Adds.\npub fn add() {\n    one();\n}\n";
        assert_eq!(written, format!("Text.\n\n<!-- quote lib.rs: pub fn add -->\n```rust\n{code}```\n\nMore.\n"));
    }

    #[test]
    fn faults_are_errors_and_write_nothing() {
        for reference in ["other.rs: pub fn add", "lib.rs: pub fn edit", "lib.rs: pub fn", "lib.rs"] {
            let document = format!("<!-- quote {reference} -->\n```rust\nstale\n```\n");
            let root = checkout(&document);
            assert!(write_or_check(root.path(), false).is_err(), "{reference}");
            assert_eq!(std::fs::read_to_string(root.path().join("page.md")).unwrap(), document);
        }
    }

    #[test]
    fn a_checkout_without_quotes_is_an_error() {
        let error = write_or_check(checkout("Text.\n").path(), true).unwrap_err().to_string();
        assert!(error.contains("nothing was checked"), "{error}");
    }
}
