//! The lines that connect a new use case, in files that exist. `cargo fmt` sorts them in.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Change;
use super::names::Names;

/// A place in a file.
enum Place {
    /// Above the first line that begins with this, and above its attributes and documentation.
    Before(&'static str),
    /// In front of the last occurrence of this.
    BeforeLast(&'static str),
    /// Behind the first occurrence of this.
    After(&'static str),
    /// Behind the first occurrence of the second after that of the first.
    Within(&'static str, &'static str),
    /// At the end of the item that begins with this line.
    EndOf(&'static str),
    End,
}

use Place::{After, Before, BeforeLast, End, EndOf, Within};

/// What is put where. Paths, places and texts have placeholders.
const LINES: &[(&str, &[(Place, &str)])] = &[
    (
        "crates/usecases/<<context>>/src/lib.rs",
        &[
            (Before("mod "), "mod <<verb>>_<<noun>>;\n"),
            (Before("pub use "), "pub use <<verb>>_<<noun>>::{<<UseCase>>, <<UseCase>>Error};\n"),
            (
                EndOf("pub struct Dependencies {"),
                "    /// Stores <<verbs>>.\n    pub <<verbs>>: Arc<dyn ports::<<Verb>>Repository>,\n",
            ),
            (
                EndOf("pub struct <<Context>> {"),
                "    /// <<Verbs>> a <<noun>>, or takes the <<words>> back.\n    pub <<verb>>: <<UseCase>>,\n",
            ),
            (
                Within("impl <<Context>> {", "\n        Self {"),
                "\n<<verb>>: <<UseCase>>::new(with.<<verbs>>, Arc::clone(&with.clock)),",
            ),
        ],
    ),
    (
        "crates/usecases/<<context>>/src/ports.rs",
        &[(Before("mod "), "mod <<verbs>>;\n"), (Before("pub use "), "pub use <<verbs>>::*;\n")],
    ),
    (
        "crates/adapters/persistence/src/repository.rs",
        &[(Before("mod "), "mod <<verb>>;\n"), (Before("pub use "), "pub use <<verb>>::Sea<<Verb>>Repository;\n")],
    ),
    ("crates/adapters/persistence/src/lib.rs", &[(After("pub use repository::{"), "Sea<<Verb>>Repository, ")]),
    ("crates/adapters/persistence/tests/repositories/main.rs", &[(Before("mod "), "mod <<verbs>>;\n")]),
    (
        "crates/adapters/persistence/tests/repositories/scene.rs",
        &[
            (After("use persistence::{"), "Sea<<Verb>>Repository, "),
            (After("pub(crate) struct Scene {"), "\n    pub(crate) <<verbs>>: Sea<<Verb>>Repository,"),
            (
                Within("impl From<TestDatabase> for Scene {", "\n        Self {"),
                "\n<<verbs>>: Sea<<Verb>>Repository::new(db.database()),",
            ),
        ],
    ),
    (
        "crates/api/src/<<context>>.rs",
        &[
            (Before("mod "), "mod <<verb>>;\n"),
            (BeforeLast(".service("), ".service(<<verb>>::add).service(<<verb>>::remove)"),
        ],
    ),
    (
        "crates/api/src/<<context>>/problems.rs",
        &[(
            End,
            "\nimpl IntoProblem for <<context>>::<<UseCase>>Error {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}
",
        )],
    ),
    (
        "crates/server/src/composition.rs",
        &[
            (After("use persistence::{"), "Sea<<Verb>>Repository, "),
            (
                After("(<<context>>::Dependencies {"),
                "\n<<verbs>>: Arc::new(Sea<<Verb>>Repository::new(database.clone())),",
            ),
        ],
    ),
    (
        "bench/instructions/src/service.rs",
        &[(
            After("(<<context>>::Dependencies {"),
            "\n<<verbs>>: Arc::new(<<context>>::ports::Mock<<Verb>>Repository::new()),",
        )],
    ),
    ("tests/tests/e2e/<<context>>.rs", &[(Before("mod "), "mod <<verbs>>;\n")]),
];

/// The files with these lines, not formatted.
///
/// # Errors
/// If a file or a place does not exist.
pub(super) fn connected(names: &Names, root: &Path) -> Result<Vec<Change>> {
    let mut changes = Vec::with_capacity(LINES.len());
    for (path, insertions) in LINES {
        let path = names.fill(path);
        let mut content = std::fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        for (place, text) in *insertions {
            let at = place.in_text(&content, names).with_context(|| format!("{path} has no {}", place.shown(names)))?;
            content.insert_str(at, &names.fill(text));
        }
        changes.push(Change { path: path.into(), content });
    }
    Ok(changes)
}

impl Place {
    /// The byte at which the text is put, or nothing if there is no such place.
    fn in_text(&self, text: &str, names: &Names) -> Option<usize> {
        Some(match self {
            Self::Before(start) => above_attributes(text, line_starting(text, start)?),
            Self::BeforeLast(found) => text.rfind(found)?,
            Self::After(found) => end_of(text, 0, &names.fill(found))?,
            Self::Within(outer, inner) => end_of(text, end_of(text, 0, &names.fill(outer))?, inner)?,
            Self::EndOf(start) => {
                let from = line_starting(text, &names.fill(start))?;
                from + text[from..].find("\n}")? + 1
            }
            Self::End => text.len(),
        })
    }

    fn shown(&self, names: &Names) -> String {
        match self {
            Self::Before(start) | Self::EndOf(start) => {
                format!("line that begins with `{}`", names.fill(start))
            }
            Self::BeforeLast(found) | Self::After(found) => format!("`{}`", names.fill(found)),
            Self::Within(outer, inner) => format!("`{inner}` behind `{}`", names.fill(outer)),
            Self::End => "end".to_owned(),
        }
    }
}

fn starts_of_lines(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn line_starting(text: &str, start: &str) -> Option<usize> {
    starts_of_lines(text).into_iter().find(|at| text[*at..].starts_with(start))
}

/// The start of the line at `line`, or of the attributes and documentation directly above it.
fn above_attributes(text: &str, line: usize) -> usize {
    let is_attached = |at: &usize| text[*at..].starts_with("#[") || text[*at..].starts_with("///");
    let above = starts_of_lines(text).into_iter().rev().skip_while(|at| *at >= line);
    above.take_while(is_attached).last().unwrap_or(line)
}

/// The end of the first `found` from `from` on.
fn end_of(text: &str, from: usize, found: &str) -> Option<usize> {
    Some(from + text[from..].find(found)? + found.len())
}

#[cfg(test)]
mod tests {
    use toolkit::root;

    use super::*;

    const TEXT: &str =
        "//! Head.\n\n#[cfg(test)]\nmod a;\nmod b;\n\nstruct S {\n    a: u8,\n}\n\nimpl S {\n    Self { a }\n}\n";

    fn split_at(place: &Place) -> Option<(&'static str, &'static str)> {
        let names = Names::parse("posts", "pin_post", &root()).unwrap();
        place.in_text(TEXT, &names).map(|at| TEXT.split_at(at))
    }

    #[test]
    fn are_put_where_they_belong() {
        assert!(split_at(&Before("mod ")).unwrap().1.starts_with("#[cfg(test)]\nmod a;"));
        assert!(split_at(&BeforeLast("mod ")).unwrap().1.starts_with("mod b;"));
        assert!(split_at(&After("mod a;")).unwrap().1.starts_with("\nmod b;"));
        assert!(split_at(&Within("impl S {", " Self {")).unwrap().1.starts_with(" a }"));
        assert!(split_at(&EndOf("struct S {")).unwrap().1.starts_with("}\n\nimpl S"));
        assert_eq!(split_at(&End).unwrap(), (TEXT, ""));
        for place in [Before("use "), After("enum"), Within("enum", "\n        Self {"), EndOf("struct T {")] {
            assert_eq!(split_at(&place), None);
        }
    }

    #[test]
    fn have_a_place_in_each_context_with_dependencies() {
        for (context, name) in [("accounts", "pin_user"), ("posts", "pin_comment"), ("social", "pin_user")] {
            let names = Names::parse(context, name, &root()).unwrap();
            assert_eq!(connected(&names, &root()).unwrap().len(), LINES.len(), "{context}");
        }
        let names = Names::parse("feed", "pin_post", &root()).unwrap();
        let error = connected(&names, &root()).err().unwrap().to_string();
        assert_eq!(error, "crates/usecases/feed/src/lib.rs has no line that begins with `pub struct Dependencies {`");
    }
}
