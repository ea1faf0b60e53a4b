//! The files of the checkout, for checks that read all of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ignore::WalkBuilder;

/// Every file below `root` that its own `.gitignore` does not name. Hidden files are read too: `.ci/`,
/// `.env.example`. Ignore rules of the user, and of folders above the checkout, decide nothing.
pub(crate) fn files(root: &Path) -> impl Iterator<Item = Result<PathBuf>> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    walk.filter_map(|entry| match entry.context("cannot walk the checkout") {
        Ok(entry) => entry.file_type().is_some_and(|kind| kind.is_file()).then(|| Ok(entry.into_path())),
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_checkouts_own_rules_leave() {
        let parent = tempfile::tempdir().unwrap();
        let checkout = parent.path().join("checkout");
        std::fs::create_dir(&checkout).unwrap();
        std::fs::write(parent.path().join(".gitignore"), "*").unwrap();
        std::fs::write(checkout.join(".gitignore"), "left-out.md").unwrap();
        for name in ["README.md", ".hidden.md", "left-out.md"] {
            std::fs::write(checkout.join(name), "Prose.").unwrap();
        }
        let mut names: Vec<_> = files(&checkout)
            .map(|path| path.unwrap())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        names.sort();
        assert_eq!(names, [".hidden.md", "README.md"]);
    }
}
