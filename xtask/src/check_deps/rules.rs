//! The allowed dependencies. Every other one is forbidden.

use std::fmt;

use super::model::{Dependency, Layer, Package, Use};

/// The only external crates that the domain may use.
const DOMAIN_MAY_USE: [&str; 3] = ["thiserror", "unicode-normalization", "icu_properties"];

/// Crates that may use SQL: the adapters, and the tools that create test databases, measure, and read the schema.
const MAY_USE_SQL: [&str; 7] = ["database", "persistence", "migration", "testkit", "e2e", "bench", "xtask"];

/// Crates that may use a database driver: the engine, and the tools that access a database directly.
const MAY_USE_DRIVERS: [&str; 3] = ["database", "bench", "xtask"];

/// Adapters that may depend on another adapter.
const PAIRS: [(&str, &str); 2] = [("persistence", "database"), ("persistence", "migration")];

/// Adapters that tools may use.
const TOOLS_MAY_USE: [&str; 4] = ["database", "persistence", "security", "system"];

/// Crates that may use Redis: the adapter, and the tool that finds a server for its tests.
const MAY_USE_REDIS: [&str; 2] = ["redis-adapters", "xtask"];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    from: String,
    to: String,
    why: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}: {}", self.from, self.to, self.why)
    }
}

/// Every forbidden dependency of the workspace.
pub(crate) fn violations(packages: &[Package]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for from in packages {
        for dependency in &from.dependencies {
            let objection = if dependency.member {
                match packages.iter().find(|package| package.name == dependency.name) {
                    Some(to) => inner_objection(from, to, dependency.used),
                    None => Some("a path dependency that is no member of the workspace"),
                }
            } else {
                outer_objection(from, dependency)
            };
            if let Some(why) = objection {
                violations.push(Violation { from: from.name.clone(), to: dependency.name.clone(), why });
            }
        }
    }
    violations
}

/// Why a dependency between two members is forbidden; `None` if it is allowed.
fn inner_objection(from: &Package, to: &Package, used: Use) -> Option<&'static str> {
    use Layer::{
        Adapter, Bench, ClusterTest, Domain, EndToEnd, Engine, Events, Kit, Library, Seed, Server, Shell, Testkit,
        Toolkit, UseCases, Xtask,
    };
    if used == Use::Test {
        let inner = matches!(from.layer, Domain | Events | UseCases);
        return (inner && !matches!(to.layer, Domain | Events | UseCases))
            .then_some("tests of the inner layers mock the ports and need no adapter");
    }
    let allowed = match from.layer {
        Domain | Library | Toolkit => false,
        Events => to.layer == Domain,
        Engine => matches!(to.layer, Domain | Events | Library),
        Kit => matches!(to.layer, Domain | Library),
        UseCases => matches!(to.layer, Domain | Events),
        Shell => matches!(to.layer, Domain | UseCases | Library | Kit),
        Adapter => {
            matches!(to.layer, Domain | Events | UseCases | Library)
                || PAIRS.contains(&(from.name.as_str(), to.name.as_str()))
        }
        Server => matches!(to.layer, Domain | Events | UseCases | Adapter | Engine | Library | Kit | Shell),
        Seed => matches!(to.layer, Domain | UseCases) || TOOLS_MAY_USE.contains(&to.name.as_str()),
        Bench if from.name == "instructions" => {
            matches!(to.layer, Domain | UseCases | Kit | Shell) || to.name == "system"
        }
        Bench => matches!(to.layer, Domain | UseCases) || TOOLS_MAY_USE.contains(&to.name.as_str()),
        Testkit => !matches!(to.layer, EndToEnd | ClusterTest | Bench | Xtask | Toolkit),
        EndToEnd => !matches!(to.layer, ClusterTest | Bench | Xtask | Toolkit),
        ClusterTest => to.layer == Toolkit,
        Xtask => to.layer == Toolkit || to.name == "migration",
    };
    (!allowed).then_some(match (from.layer, to.layer) {
        (_, Testkit) => "the test kit is for tests: use it as a dev-dependency",
        (Domain, _) => "the domain depends on nothing of the workspace",
        (Events, _) => "events depend on the domain only",
        (UseCases, UseCases) => "use-case crates never import each other",
        (UseCases, _) => "use cases depend on the domain and the events only; everything else is behind their ports",
        (Engine, _) => "the database engine knows no table; contexts pass what it needs as parameters",
        (Kit, Shell) => "the kit is below the shells: what differs between them is a parameter",
        (Kit, _) => "the kit depends on the domain and the libraries only; what it needs of a context is a port",
        (Shell, Shell) => "shells do not depend on each other; shared code is in the kit",
        (Shell, Adapter | Engine) => "a shell never imports an adapter; it gets use cases from the composition root",
        (Shell, _) => "a shell depends on the domain, the use cases, the kit and the libraries only",
        (Library | Toolkit, _) => "a library depends on no other crate of the workspace",
        (Adapter, Adapter | Engine) => {
            "adapters do not depend on each other (except persistence → database, migration)"
        }
        (Adapter, _) => "an adapter depends on the domain, the events, the use cases and the libraries only",
        (Server, _) => "the server depends on no chores and no tests",
        (ClusterTest, _) => "the cluster test drives the system from outside and depends on none of its crates",
        (_, Bench) => "no crate depends on the benchmarks",
        (Bench, _) if from.name == "instructions" => {
            "instructions are counted above the ports; adapters are stubs, except the id generator"
        }
        (Bench, _) => {
            "the benchmarks drive the server from outside; they use its crates for statements and tokens only"
        }
        (Seed, _) => {
            "the seed needs the domain, the ports of the use cases, database, persistence, security and system only"
        }
        (Xtask, _) => "chores depend only on their toolkit and, for the diagram, the migrations",
        (Testkit | EndToEnd, _) => "tests depend on no chores",
    })
}

/// Why a dependency on an external crate is forbidden; `None` if it is allowed.
fn outer_objection(from: &Package, dependency: &Dependency) -> Option<&'static str> {
    if dependency.used == Use::Test {
        return None;
    }
    let name = dependency.name.as_str();
    let is_driver = ["sqlx", "tokio-postgres"].iter().any(|driver| name.starts_with(driver));
    let is_sql = is_driver || name.starts_with("sea-orm");
    match from.layer {
        Layer::Domain if !DOMAIN_MAY_USE.contains(&name) => {
            Some("the domain has no async, no serde, no ORM and no HTTP: it uses thiserror and Unicode tables only")
        }
        Layer::Events | Layer::UseCases if name == "tokio" || name.starts_with("tokio-") => {
            Some("use cases work on any runtime and name none")
        }
        Layer::UseCases if name.starts_with("actix") => Some("use cases know nothing of HTTP"),
        Layer::Adapter | Layer::Engine | Layer::Library if name.starts_with("actix") => {
            Some("only the shells, their kit and the server handle HTTP")
        }
        _ if is_sql && !MAY_USE_SQL.contains(&from.name.as_str()) => {
            Some("all SQL of the project is in the adapters database, persistence and migration")
        }
        _ if is_driver && !MAY_USE_DRIVERS.contains(&from.name.as_str()) => {
            Some("database drivers are behind the database engine")
        }
        _ if name == "redis" && !MAY_USE_REDIS.contains(&from.name.as_str()) => {
            Some("all Redis code is in the adapter redis-adapters")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The workspace, each crate without dependencies.
    const CRATES: [(&str, Layer); 26] = [
        ("domain", Layer::Domain),
        ("events", Layer::Events),
        ("accounts", Layer::UseCases),
        ("posts", Layer::UseCases),
        ("social", Layer::UseCases),
        ("feed", Layer::UseCases),
        ("removals", Layer::UseCases),
        ("database", Layer::Engine),
        ("persistence", Layer::Adapter),
        ("migration", Layer::Adapter),
        ("security", Layer::Adapter),
        ("system", Layer::Adapter),
        ("resilience", Layer::Library),
        ("redis-adapters", Layer::Adapter),
        ("http-kit", Layer::Kit),
        ("api", Layer::Shell),
        ("streaming", Layer::Shell),
        ("thoughts", Layer::Server),
        ("testkit", Layer::Testkit),
        ("e2e", Layer::EndToEnd),
        ("cluster-test", Layer::ClusterTest),
        ("seed", Layer::Seed),
        ("bench", Layer::Bench),
        ("instructions", Layer::Bench),
        ("xtask", Layer::Xtask),
        ("toolkit", Layer::Toolkit),
    ];

    /// The violations of one dependency in an otherwise empty workspace.
    fn judged(from: &str, to: &str, used: Use) -> Vec<Violation> {
        let packages: Vec<_> = CRATES
            .iter()
            .map(|(name, layer)| Package {
                name: (*name).to_owned(),
                layer: *layer,
                dependencies: (*name == from)
                    .then(|| Dependency {
                        name: to.to_owned(),
                        member: CRATES.iter().any(|(name, _)| *name == to),
                        used,
                    })
                    .into_iter()
                    .collect(),
            })
            .collect();
        violations(&packages)
    }

    #[track_caller]
    fn allows(arrows: &[(&str, &[&str])], used: Use) {
        for (from, targets) in arrows {
            for to in *targets {
                assert_eq!(judged(from, to, used), [], "{from} → {to}");
            }
        }
    }

    #[track_caller]
    fn forbids(arrows: &[(&str, &[&str])], used: Use) {
        for (from, targets) in arrows {
            for to in *targets {
                assert_eq!(judged(from, to, used).len(), 1, "{from} → {to}");
            }
        }
    }

    #[test]
    fn allows_inward_dependencies() {
        allows(
            &[
                ("events", &["domain"]),
                ("accounts", &["domain", "events"]),
                ("http-kit", &["domain", "resilience"]),
                ("api", &["domain", "accounts", "posts", "feed", "resilience", "http-kit"]),
                ("database", &["domain", "events", "resilience"]),
                (
                    "persistence",
                    &["domain", "events", "accounts", "posts", "social", "database", "migration", "resilience"],
                ),
                ("redis-adapters", &["domain", "feed", "resilience"]),
                ("thoughts", &["domain", "accounts", "database", "persistence", "migration", "redis-adapters"]),
                ("thoughts", &["http-kit", "api", "streaming"]),
                ("seed", &["domain", "accounts", "database", "persistence", "security", "system"]),
                ("testkit", &["domain", "posts", "persistence", "migration", "http-kit", "api", "thoughts", "seed"]),
                ("e2e", &["testkit", "domain", "http-kit", "thoughts", "persistence", "seed"]),
                ("bench", &["domain", "accounts", "posts", "feed", "database", "persistence", "security", "system"]),
                ("instructions", &["domain", "accounts", "posts", "feed", "http-kit", "api", "system"]),
                ("cluster-test", &["toolkit"]),
                ("xtask", &["migration", "toolkit"]),
            ],
            Use::Normal,
        );
    }

    #[test]
    fn forbids_outward_and_sideward_dependencies() {
        forbids(
            &[
                ("domain", &["events", "accounts", "persistence", "api", "thoughts", "testkit"]),
                ("events", &["accounts", "database", "resilience", "api", "testkit"]),
                ("accounts", &["posts", "social", "persistence", "system", "http-kit", "api", "thoughts", "testkit"]),
                ("http-kit", &["accounts", "posts", "database", "persistence", "redis-adapters", "api", "thoughts"]),
                ("api", &["database", "persistence", "security", "redis-adapters", "streaming", "thoughts", "testkit"]),
                ("persistence", &["security", "http-kit", "api", "thoughts", "testkit"]),
                ("database", &["accounts", "posts", "migration", "persistence", "redis-adapters", "api"]),
                ("migration", &["database", "persistence"]),
                ("resilience", &["domain", "accounts", "persistence", "redis-adapters", "http-kit", "api"]),
                ("redis-adapters", &["database", "migration", "persistence", "api"]),
                ("thoughts", &["testkit", "seed", "xtask", "e2e"]),
                ("seed", &["migration", "api", "thoughts", "testkit"]),
                ("bench", &["thoughts", "api", "redis-adapters", "testkit", "seed"]),
                ("instructions", &["thoughts", "persistence", "security", "redis-adapters", "testkit", "bench"]),
                ("testkit", &["xtask", "toolkit", "e2e", "cluster-test", "bench"]),
                ("e2e", &["bench", "cluster-test", "toolkit"]),
                ("cluster-test", &["domain", "thoughts", "testkit", "e2e", "xtask"]),
                ("xtask", &["domain", "thoughts", "testkit", "bench"]),
                ("toolkit", &["domain", "migration", "testkit", "xtask"]),
            ],
            Use::Normal,
        );
    }

    #[test]
    fn only_outer_layers_may_test_with_the_testkit() {
        allows(&[("api", &["testkit", "persistence"]), ("persistence", &["testkit", "system"])], Use::Test);
        allows(&[("accounts", &["domain", "posts"])], Use::Test);
        forbids(&[("accounts", &["persistence", "testkit", "api"]), ("domain", &["system", "testkit"])], Use::Test);
    }

    #[test]
    fn limits_the_domain_to_its_external_crates() {
        allows(&[("domain", &["thiserror", "unicode-normalization"])], Use::Normal);
        allows(&[("domain", &["proptest"])], Use::Test);
        forbids(&[("domain", &["serde", "tokio", "async-trait", "sea-orm", "actix-web", "rand"])], Use::Normal);
    }

    #[test]
    fn keeps_technology_out_of_the_use_cases() {
        allows(&[("posts", &["async-trait", "thiserror", "sha2", "mockall"])], Use::Normal);
        allows(&[("posts", &["tokio", "mockall"])], Use::Test);
        forbids(&[("posts", &["tokio", "tokio-util", "actix-web", "sea-orm", "sqlx"])], Use::Normal);
    }

    #[test]
    fn limits_http_to_its_crates() {
        allows(&[("http-kit", &["actix-web"]), ("api", &["actix-web"]), ("thoughts", &["actix-http"])], Use::Normal);
        forbids(&[("security", &["actix-web"]), ("database", &["actix-web"]), ("resilience", &["actix"])], Use::Normal);
    }

    #[test]
    fn limits_sql_to_its_crates() {
        let sql: &[&str] = &["sea-orm", "sea-orm-migration", "sqlx", "sqlx-core", "tokio-postgres"];
        let orm: &[&str] = &["sea-orm", "sea-orm-migration"];
        allows(&[("database", sql), ("bench", sql), ("xtask", sql)], Use::Normal);
        allows(&[("persistence", orm), ("migration", orm), ("testkit", orm), ("e2e", orm)], Use::Normal);
        let drivers: &[&str] = &["sqlx", "sqlx-core", "tokio-postgres"];
        forbids(&[("persistence", drivers), ("migration", drivers), ("testkit", drivers)], Use::Normal);
        forbids(
            &[("http-kit", sql), ("api", sql), ("thoughts", sql), ("seed", sql), ("redis-adapters", sql)],
            Use::Normal,
        );
        allows(&[("thoughts", sql)], Use::Test);
    }

    #[test]
    fn limits_redis_to_its_crates() {
        allows(&[("redis-adapters", &["redis"]), ("xtask", &["redis"])], Use::Normal);
        forbids(&[("persistence", &["redis"]), ("thoughts", &["redis"]), ("posts", &["redis"])], Use::Normal);
        allows(&[("e2e", &["redis"])], Use::Test);
    }

    #[test]
    fn knows_every_path_dependency() {
        let stray = Dependency { name: "stray".to_owned(), member: true, used: Use::Normal };
        let packages = [Package { name: "thoughts".to_owned(), layer: Layer::Server, dependencies: vec![stray] }];
        assert_eq!(violations(&packages).len(), 1);
    }

    #[test]
    fn explains_a_violation() {
        let shown: Vec<_> = judged("accounts", "posts", Use::Normal).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["accounts → posts: use-case crates never import each other"]);
    }
}
