//! Redis or Valkey as a [`Service`].

mod leftovers;

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use async_trait::async_trait;
use rustix::process::Signal;
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _};

use super::service::{Facts, Program, Service, Wanted};
use crate::install::{self, Packages, Software};

/// The oldest version that speaks the protocol we use.
const OLDEST: u32 = 6;

/// Names of its program: some systems ship Valkey, a fork of Redis.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

const FACTS: Facts = Facts {
    software: Software {
        name: "Redis",
        packages: Packages { apt: "redis-server", dnf: "redis", apk: "redis", brew: "redis" },
        otherwise: "start a Docker engine, or name a server: TEST_REDIS_URL=redis://:password@host:6379",
    },
    variable: "TEST_REDIS_URL",
    oldest: OLDEST,
    image: "redis",
    port: 6379,
    stop: Signal::KILL,
    leftovers: "keys",
};

/// A started server stores nothing on disc.
pub(crate) struct Redis;

#[async_trait]
impl Service for Redis {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn installed(&self) -> Option<Program> {
        let paths = install::folders().flat_map(|folder| NAMES.map(|name| folder.join(name)));
        paths.filter(|path| path.is_file()).find_map(|path| {
            let output = Command::new(&path).arg("--version").output().ok()?;
            let version = version(&String::from_utf8_lossy(&output.stdout))?;
            Some(Program { path, version })
        })
    }

    fn url(&self, place: &str, password: &str) -> String {
        format!("redis://:{password}@{place}")
    }

    fn container(&self, request: ContainerRequest<GenericImage>, wanted: &Wanted) -> ContainerRequest<GenericImage> {
        request.with_cmd(["redis-server", "--save", "", "--appendonly", "no", "--requirepass", &wanted.password])
    }

    fn prepare(&self, program: &Program, folder: &Path, port: u16, wanted: &Wanted) -> Result<Command> {
        // In a file, because every user can read the arguments of a process.
        let configuration = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {}\nsave \"\"\nappendonly no\ndir \"{}\"\n",
            wanted.password,
            folder.display()
        );
        let file = folder.join("redis.conf");
        std::fs::write(&file, configuration)?;
        let mut server = Command::new(&program.path);
        server.arg(file);
        Ok(server)
    }

    async fn check(&self, url: &str) -> Result<()> {
        leftovers::check(url).await
    }

    async fn drop_leftovers(&self, url: &str) -> Result<()> {
        leftovers::drop_leftovers(url).await
    }
}

/// Parses `Redis server v=7.0.15 sha=00000000:0 …`; `None` if it is too old.
fn version(line: &str) -> Option<String> {
    let version = line.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let major: u32 = version.split('.').next()?.parse().ok()?;
    (major >= OLDEST).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn reads_versions() {
        for (line, read) in [
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1\n", Some("7.0.15")),
            ("Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=2\n", Some("8.1.1")),
            ("Redis server v=5.0.14 sha=00000000:0\n", None),
            ("redis-server: not found\n", None),
        ] {
            assert_eq!(version(line).as_deref(), read, "{line}");
        }
    }
}
