//! `cargo xtask check-deps`: checks that dependencies between crates point inward.

mod model;
mod rules;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};
use toolkit::root;

pub(crate) use model::{Dependency, Layer, Package, Use};

/// Reads the workspace, and fails on every dependency that [`rules`] forbids.
pub(crate) fn run() -> Result<()> {
    let packages = packages()?;
    let violations = rules::violations(&packages);
    for violation in &violations {
        eprintln!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} forbidden dependencies", violations.len());
    }
    eprintln!("{} crates, every arrow points inward", packages.len());
    Ok(())
}

/// The members of the workspace with the dependencies in their manifests.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let root = root();
    let metadata =
        MetadataCommand::new().current_dir(&root).no_deps().exec().context("cannot read `cargo metadata`")?;
    let members = metadata.workspace_packages();
    let mut packages = Vec::with_capacity(members.len());
    for member in &members {
        let folder = member.manifest_path.parent().context("a manifest without a folder")?;
        let path = folder.strip_prefix(&metadata.workspace_root).context("a member outside the workspace")?;
        let Some(layer) = Layer::of(path.as_str()) else {
            bail!("{path} ({}) has no layer: add it in xtask/src/check_deps/model.rs", member.name);
        };
        let dependencies = member.dependencies.iter().map(|dependency| Dependency {
            name: dependency.name.clone(),
            // Only a path dependency is a member: other crates are named `posts` and `api` too.
            member: dependency.path.is_some(),
            used: match dependency.kind {
                DependencyKind::Development => Use::Test,
                _ => Use::Normal,
            },
        });
        packages.push(Package { name: member.name.to_string(), layer, dependencies: dependencies.collect() });
    }
    Ok(packages)
}
