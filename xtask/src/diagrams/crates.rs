//! The crates that ship and the arrows between them, as a Graphviz source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::check_deps::{Layer, Package, Use};

const HEAD: &str = r##"// The crates that ship, and what each uses. Generated from the manifests by `cargo xtask diagrams`: do not edit.
digraph crates {
  graph [
    bgcolor="white", pad=0.4, rankdir=TB, nodesep=0.3, ranksep=0.55, newrank=true,
    fontname="Verdana,DejaVu Sans,sans-serif", fontsize=11, fontcolor="#52606d", labelloc=b,
    label="\nAn arrow leads from a crate to one that it uses. Left out: arrows that follow from others, and crates for tests and tools."
  ]
  node [
    shape=box, style="rounded,filled", color="#9aa5b1", fillcolor="white", margin="0.15,0.07",
    fontname="Verdana,DejaVu Sans,sans-serif", fontsize=12, fontcolor="#1f2933"
  ]
  edge [color="#627d98", penwidth=1.2, arrowsize=0.8]
"##;

/// Draws the crates that ship, each layer in a frame of its own.
pub(crate) fn draw(packages: &[Package]) -> String {
    let mut frames = BTreeMap::<Frame, BTreeSet<&str>>::new();
    for package in packages {
        if let Some(frame) = Frame::of(package.layer) {
            frames.entry(frame).or_default().insert(&package.name);
        }
    }
    let arrows = arrows(packages);
    let mut dot = HEAD.to_owned();
    for (index, (frame, crates)) in frames.iter().enumerate() {
        line(&mut dot, &format!("\n  subgraph cluster_{index} {{"));
        line(&mut dot, &format!(r#"    label="{}""#, frame.title()));
        line(
            &mut dot,
            r##"    labelloc=t; labeljust=l; style="rounded,filled"; fillcolor="#f0f4f8"; color="#bcccdc""##,
        );
        for name in crates {
            line(&mut dot, &format!(r#"    "{name}""#));
        }
        let inner = |name: &str| crates.iter().any(|user| arrows[user].contains(name));
        let outer = crates.iter().filter(|name| !inner(name)).map(|name| format!("{name:?}; "));
        line(&mut dot, &format!("    {{ rank=same; {}}}", outer.collect::<String>()));
        line(&mut dot, "  }");
    }
    dot.push('\n');
    for (from, to) in reduced(&arrows) {
        line(&mut dot, &format!(r#"  "{from}" -> "{to}""#));
    }
    dot.push_str("}\n");
    dot
}

/// The groups of crates in the drawing, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frame {
    Binary,
    Shells,
    Adapters,
    UseCases,
    Core,
    Libraries,
}

impl Frame {
    fn of(layer: Layer) -> Option<Self> {
        match layer {
            Layer::Server => Some(Self::Binary),
            Layer::Shell | Layer::Kit => Some(Self::Shells),
            Layer::Adapter | Layer::Engine => Some(Self::Adapters),
            Layer::UseCases => Some(Self::UseCases),
            Layer::Domain | Layer::Events => Some(Self::Core),
            Layer::Library => Some(Self::Libraries),
            Layer::Testkit
            | Layer::EndToEnd
            | Layer::ClusterTest
            | Layer::Seed
            | Layer::Bench
            | Layer::Xtask
            | Layer::Toolkit => None,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Binary => "the binary",
            Self::Shells => "shells and their kit",
            Self::Adapters => "adapters and the database engine",
            Self::UseCases => "use cases",
            Self::Core => "domain and facts",
            Self::Libraries => "libraries",
        }
    }
}

type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// What each crate that ships uses of the others, tests aside.
fn arrows(packages: &[Package]) -> Arrows<'_> {
    let shipped = |name: &str| packages.iter().any(|p| p.name == name && Frame::of(p.layer).is_some());
    let mut arrows = Arrows::new();
    for package in packages.iter().filter(|package| shipped(&package.name)) {
        let used = package.dependencies.iter().filter(|d| d.member && d.used == Use::Normal && shipped(&d.name));
        arrows.insert(&package.name, used.map(|dependency| dependency.name.as_str()).collect());
    }
    arrows
}

/// The arrows that do not follow from others: the transitive reduction. Cargo allows no circles.
fn reduced<'a>(arrows: &Arrows<'a>) -> Vec<(&'a str, &'a str)> {
    let follows = |from: &str, to: &str| {
        arrows[from].iter().filter(|middle| **middle != to).any(|middle| reaches(arrows, middle, to))
    };
    let all = arrows.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (*from, *to)));
    all.filter(|(from, to)| !follows(from, to)).collect()
}

fn reaches(arrows: &Arrows<'_>, from: &str, to: &str) -> bool {
    from == to || arrows[from].iter().any(|next| reaches(arrows, next, to))
}

fn line(dot: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(dot, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_deps::Dependency;

    fn package(name: &str, layer: Layer, uses: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), member: true, used: Use::Normal };
        Package { name: name.to_owned(), layer, dependencies: uses.iter().map(dependency).collect() }
    }

    #[test]
    fn draws_no_arrow_that_follows_from_others() {
        let packages = [
            package("domain", Layer::Domain, &[]),
            package("posts", Layer::UseCases, &["domain"]),
            package("api", Layer::Shell, &["posts", "domain"]),
        ];
        assert_eq!(reduced(&arrows(&packages)), [("api", "posts"), ("posts", "domain")]);
    }

    #[test]
    fn draws_what_ships_only() {
        let packages = [
            package("domain", Layer::Domain, &[]),
            package("testkit", Layer::Testkit, &["domain"]),
            package("thoughts", Layer::Server, &["domain"]),
        ];
        let dot = draw(&packages);
        assert!(dot.contains(r#""thoughts" -> "domain""#) && !dot.contains("testkit"), "{dot}");
    }
}
