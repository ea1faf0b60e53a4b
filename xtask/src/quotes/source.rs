//! The part of a source that an anchor names.
//!
//! It begins with the comments and attributes directly above the anchor's line. It ends with the item or statement that
//! begins in this line. Indentation decides where that is, so sources must be formatted by rustfmt.

use anyhow::{Result, bail};

/// Words and brackets that continue an item in a line with the same indentation.
const CONTINUES: [&str; 3] = ["where", "{", "else"];

/// The code that `anchor` names in `source`, without the indentation that all its lines share.
pub(super) fn quoted(source: &str, anchor: &str) -> Result<String> {
    let lines: Vec<&str> = source.lines().collect();
    let found: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with(anchor)).collect();
    let [at] = found[..] else {
        let numbers: Vec<_> = found.iter().map(|at| (at + 1).to_string()).collect();
        match numbers.as_slice() {
            [] => bail!("no line begins with `{anchor}`"),
            _ => bail!("several lines begin with `{anchor}`: {}", numbers.join(", ")),
        }
    };
    let Some(end) = end(&lines, at) else { bail!("what `{anchor}` opens is not closed") };
    Ok(unindented(&lines[begin(&lines, at)..=end]))
}

/// The first line of the comments and attributes directly above line `at`, or `at`.
fn begin(lines: &[&str], at: usize) -> usize {
    let indent = indent_of(lines[at]);
    let mut begin = at;
    while let Some(above) = begin.checked_sub(1).filter(|above| indent_of(lines[*above]) == indent) {
        let text = lines[above].trim_start();
        let is_comment = text.starts_with("//") && !text.starts_with("//!");
        // The end of an attribute of several lines: its first line is the next one with this indentation.
        let first = if text.starts_with(")]") || text.starts_with(']') {
            lines[..above].iter().rposition(|line| indent_of(line) == indent)
        } else {
            Some(above)
        };
        match first {
            Some(first) if is_comment || lines[first].trim_start().starts_with("#[") => begin = first,
            _ => break,
        }
    }
    begin
}

/// The last line of what begins in line `at`. Nothing if a bracket is not closed.
fn end(lines: &[&str], at: usize) -> Option<usize> {
    let indent = indent_of(lines[at]);
    let mut end = at;
    loop {
        let next = lines.get(end + 1).copied().unwrap_or_default();
        let continues = indent_of(next) == indent
            && !lines[end].ends_with(';')
            && CONTINUES.iter().any(|word| next.trim_start().starts_with(word));
        if let Some(bracket) = closing(lines[end]) {
            end = closed(lines, end, bracket)?;
        } else if indent_of(next) > indent || continues {
            end += 1;
        } else {
            return Some(end);
        }
    }
}

/// The bracket that closes the one at the end of the line.
fn closing(line: &str) -> Option<char> {
    match line.chars().next_back()? {
        '{' => Some('}'),
        '(' => Some(')'),
        '[' => Some(']'),
        _ => None,
    }
}

/// The next line that has the indentation of line `at` and begins with `bracket`.
fn closed(lines: &[&str], at: usize, bracket: char) -> Option<usize> {
    let closes = |line: &str| indent_of(line) == indent_of(lines[at]) && line.trim_start().starts_with(bracket);
    (at + 1..lines.len()).find(|number| closes(lines[*number]))
}

/// The width of the indentation. Nothing for an empty line.
fn indent_of(line: &str) -> Option<usize> {
    let text = line.trim_start();
    (!text.is_empty()).then(|| line.len() - text.len())
}

fn unindented(lines: &[&str]) -> String {
    let shared = lines.iter().filter_map(|line| indent_of(line)).min().unwrap_or_default();
    lines.iter().flat_map(|line| [line.get(shared..).unwrap_or_default(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"//! A module.
mod bookmark;
mod bookmark_removal;

/// A port.
#[async_trait]
pub trait Port: Send {
    /// Adds.
    async fn add(&self);

    async fn remove(&self);
}

// Why.
#[utoipa::path(
    tag = "posts",
)]
#[put("/")]
pub async fn put(
    posts: Posts,
) -> Answer {
    config
        .service(one)
        .service(two);
}

fn flag<T>(select: &mut T)
where
    T: Table,
{
    let sum = if a {
        1
    } else {
        2
    };
    let list = rows
        .map(|row| {
            row
        })
        .collect();
    run(&[
        "CREATE TABLE t (
            id {id}
        ) {clustered}",
        // The order.
        "CREATE INDEX i",
    ]);
}

pub struct Ports {
    /// Stores.
    pub posts: Posts,
    pub other: Other,
}
"#;

    fn assert_quoted(anchor: &str, expected: &str) {
        assert_eq!(quoted(SOURCE, anchor).unwrap(), expected, "{anchor}");
    }

    #[test]
    fn takes_items_with_comments_and_attributes() {
        assert_quoted(
            "pub trait Port",
            "/// A port.\n#[async_trait]\npub trait Port: Send {\n    /// Adds.\n    async fn add(&self);\n\n    \
             async fn remove(&self);\n}\n",
        );
        assert_quoted(
            "pub async fn put",
            "// Why.\n#[utoipa::path(\n    tag = \"posts\",\n)]\n#[put(\"/\")]\npub async fn put(\n    posts: \
             Posts,\n) -> Answer {\n    config\n        .service(one)\n        .service(two);\n}\n",
        );
        let function = quoted(SOURCE, "fn flag").unwrap();
        assert!(function.starts_with("fn flag<T>(select: &mut T)\nwhere\n    T: Table,\n{\n"), "{function}");
        assert!(function.ends_with("    ]);\n}\n"), "{function}");
    }

    #[test]
    fn takes_lines_and_statements() {
        assert_quoted("mod bookmark;", "mod bookmark;\n");
        assert_quoted("async fn add", "/// Adds.\nasync fn add(&self);\n");
        assert_quoted(".service(one)", ".service(one)\n");
        assert_quoted("pub posts", "/// Stores.\npub posts: Posts,\n");
        assert_quoted("let sum", "let sum = if a {\n    1\n} else {\n    2\n};\n");
        assert_quoted("let list", "let list = rows\n    .map(|row| {\n        row\n    })\n    .collect();\n");
    }

    #[test]
    fn takes_sql_within_a_string() {
        assert_quoted("\"CREATE TABLE t", "\"CREATE TABLE t (\n    id {id}\n) {clustered}\",\n");
        assert_quoted("\"CREATE INDEX", "// The order.\n\"CREATE INDEX i\",\n");
    }

    #[test]
    fn rejects_missing_ambiguous_and_unclosed_anchors() {
        let fault = |anchor| quoted(SOURCE, anchor).unwrap_err().to_string();
        assert_eq!(fault("pub fn"), "no line begins with `pub fn`");
        assert_eq!(fault("mod bookmark"), "several lines begin with `mod bookmark`: 2, 3");
        assert!(quoted("fn f() {\n", "fn f").unwrap_err().to_string().contains("not closed"));
    }
}
