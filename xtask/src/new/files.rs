//! The files of a new use case.

use super::Change;
use super::names::Names;

/// The form of each file, and its path, both with placeholders.
const FORMS: [(&str, &str); 6] = [
    ("crates/usecases/<<context>>/src/<<verb>>_<<noun>>.rs", include_str!("templates/use_case.rs")),
    ("crates/usecases/<<context>>/src/ports/<<verbs>>.rs", include_str!("templates/port.rs")),
    ("crates/adapters/persistence/src/repository/<<verb>>.rs", include_str!("templates/repository.rs")),
    ("crates/adapters/persistence/tests/repositories/<<verbs>>.rs", include_str!("templates/repository_test.rs")),
    ("crates/api/src/<<context>>/<<verb>>.rs", include_str!("templates/handlers.rs")),
    ("tests/tests/e2e/<<context>>/<<verbs>>.rs", include_str!("templates/e2e_test.rs")),
];

/// The files with their content, not formatted.
pub(super) fn rendered(names: &Names) -> Vec<Change> {
    FORMS.map(|(path, form)| Change { path: names.fill(path).into(), content: names.fill(form) }).into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toolkit::root;

    use super::*;

    #[test]
    fn have_no_placeholder_left() {
        for name in ["pin_post", "pin_comment", "pin_user"] {
            for Change { path, content } in rendered(&Names::parse("posts", name, &root()).unwrap()) {
                let text = format!("{}\n{content}", path.display());
                assert!(!text.contains("<<") && !text.contains(">>"), "{text}");
            }
        }
    }

    /// The code of a form: what is left without comments, texts and imports, and without what is to be replaced.
    fn code(text: &str) -> Vec<&str> {
        let is_other = |line: &&str| {
            let line = line.trim_start();
            ["//", "use ", "responses(", "todo!", "let _"].iter().any(|start| line.starts_with(start))
        };
        text.lines().filter(|line| !line.is_empty() && !is_other(line)).collect()
    }

    #[test]
    fn of_bookmarks_are_those_that_are_shipped() {
        let rendered = rendered(&Names::parse("posts", "bookmark_post", &root()).unwrap());
        let shipped = |path: &Path| std::fs::read_to_string(root().join(path)).unwrap();
        let [use_case, port, repository, repository_test, handlers, e2e_test] = &rendered[..] else { panic!() };
        let message = "change the template and the worked example alike";
        assert_eq!(use_case.content, shipped(&use_case.path), "{message}");
        // These have more than the form: a list, the SQL, other names of arguments.
        for form in [port, repository, handlers] {
            let shipped = shipped(&form.path).replace("IdPath(id)", "IdPath(post)").replace("(id, me)", "(post, me)");
            let shipped = code(&shipped);
            let missing: Vec<_> = code(&form.content).into_iter().filter(|line| !shipped.contains(line)).collect();
            assert!(missing.is_empty(), "{} has no {missing:#?}: {message}", form.path.display());
        }
        assert!(root().join(&repository_test.path).is_file() && root().join(&e2e_test.path).is_file());
    }
}
