//! The workspace, reduced to what the rules need.

/// The layer of a crate, derived from its folder, so that a new adapter or use-case crate is covered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `crates/domain`
    Domain,
    /// `crates/events`
    Events,
    /// `crates/usecases/*`
    UseCases,
    /// `crates/adapters/*`
    Adapter,
    /// `crates/adapters/database`
    Engine,
    /// `crates/resilience`
    Library,
    /// `crates/http`
    Kit,
    /// `crates/api`, and the shells to come
    Shell,
    /// `crates/server`
    Server,
    /// `crates/testkit`
    Testkit,
    /// `tests`
    EndToEnd,
    /// `tests/cluster`
    ClusterTest,
    /// `seed`
    Seed,
    /// `bench` and `bench/*`
    Bench,
    /// `xtask`
    Xtask,
    /// `xtask/toolkit`
    Toolkit,
}

impl Layer {
    /// The layer of the crate in `folder`, relative to the workspace's root.
    pub(crate) fn of(folder: &str) -> Option<Self> {
        let parts: Vec<_> = folder.split(['/', '\\']).collect();
        Some(match parts.as_slice() {
            ["crates", "domain"] => Self::Domain,
            ["crates", "events"] => Self::Events,
            ["crates", "usecases", _] => Self::UseCases,
            ["crates", "adapters", "database"] => Self::Engine,
            ["crates", "adapters", _] => Self::Adapter,
            ["crates", "resilience"] => Self::Library,
            ["crates", "http"] => Self::Kit,
            ["crates", "api" | "streaming" | "graphql" | "mastodon"] => Self::Shell,
            ["crates", "server"] => Self::Server,
            ["crates", "testkit"] => Self::Testkit,
            ["tests"] => Self::EndToEnd,
            ["tests", "cluster"] => Self::ClusterTest,
            ["seed"] => Self::Seed,
            ["bench"] | ["bench", _] => Self::Bench,
            ["xtask"] => Self::Xtask,
            ["xtask", "toolkit"] => Self::Toolkit,
            _ => return None,
        })
    }
}

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) layer: Layer,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency of a package.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's name, before renaming.
    pub(crate) name: String,
    /// Whether it is a member of this workspace.
    pub(crate) member: bool,
    pub(crate) used: Use,
}

/// The part of a package that uses a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The package itself or its build script.
    Normal,
    /// Only tests, examples and benchmarks.
    Test,
}

#[cfg(test)]
mod tests {
    use super::Layer;

    #[test]
    fn derives_layers_from_folders() {
        for (folder, layer) in [
            ("crates/domain", Some(Layer::Domain)),
            ("crates/events", Some(Layer::Events)),
            ("crates/usecases/chat", Some(Layer::UseCases)),
            ("crates/adapters/redis", Some(Layer::Adapter)),
            ("crates/adapters/database", Some(Layer::Engine)),
            ("crates/http", Some(Layer::Kit)),
            ("crates/api", Some(Layer::Shell)),
            ("crates/streaming", Some(Layer::Shell)),
            ("crates\\adapters\\redis", Some(Layer::Adapter)),
            ("crates/resilience", Some(Layer::Library)),
            ("tests", Some(Layer::EndToEnd)),
            ("tests/cluster", Some(Layer::ClusterTest)),
            ("seed", Some(Layer::Seed)),
            ("bench", Some(Layer::Bench)),
            ("bench/instructions", Some(Layer::Bench)),
            ("xtask", Some(Layer::Xtask)),
            ("xtask/toolkit", Some(Layer::Toolkit)),
            ("crates/adapters", None),
            ("crates/shell", None),
            ("crates/adapters/redis/macros", None),
            ("tools/stray", None),
        ] {
            assert_eq!(Layer::of(folder), layer, "{folder}");
        }
    }
}
