//! External programs that the benchmarks use or compare with.

use std::path::PathBuf;

use anyhow::Result;
use toolkit::Interrupt;

use crate::image::Image;
use crate::install::{self, Packages, Software};
use crate::servers::{Postgres, Service as _};

/// Paths of the programs.
pub(super) struct Tools {
    pub(super) wrk: PathBuf,
    /// The static web server.
    pub(super) nginx: PathBuf,
    /// The command of PostgreSQL's benchmark, which may run in a container.
    pub(super) pgbench: Vec<String>,
}

const WRK: Software = Software {
    name: "wrk",
    packages: Packages { apt: "wrk", dnf: "wrk", apk: "wrk", brew: "wrk" },
    otherwise: "build it: https://github.com/wg/wrk",
};

const NGINX: Software = Software {
    name: "Nginx",
    packages: Packages { apt: "nginx-light", dnf: "nginx", apk: "nginx", brew: "nginx" },
    otherwise: "put `nginx` on the PATH",
};

const PGBENCH: Software = Software {
    name: "pgbench",
    packages: Packages {
        apt: "postgresql-contrib",
        dnf: "postgresql-contrib",
        apk: "postgresql-contrib",
        brew: "postgresql@17",
    },
    otherwise: "start a Docker engine, or put `pgbench` on the PATH",
};

impl Tools {
    /// Finds each program, and installs missing ones.
    pub(super) async fn find(interrupt: &Interrupt) -> Result<Self> {
        let wrk = install::program("wrk", &WRK, interrupt).await?;
        let nginx = install::program("nginx", &NGINX, interrupt).await?;
        let pgbench = match pgbench() {
            Some(words) => words,
            None => vec![install::program("pgbench", &PGBENCH, interrupt).await?.display().to_string()],
        };
        for shown in [wrk.display().to_string(), nginx.display().to_string(), pgbench.join(" ")] {
            eprintln!("{shown}");
        }
        Ok(Self { wrk, nginx, pgbench })
    }
}

/// Finds pgbench next to the server's programs, which has the server's version. Otherwise it uses one on the `PATH`,
/// or one in a container that shares the network and the folder of temporary files.
fn pgbench() -> Option<Vec<String>> {
    let program = Postgres::beside_server("pgbench").or_else(|| install::find("pgbench"));
    if let Some(program) = program {
        return Some(vec![program.display().to_string()]);
    }
    let image = Image::of_compose(Postgres.facts().image).ok().filter(|_| install::on_path("docker"))?;
    let folder = std::env::temp_dir().display().to_string();
    let words = ["docker", "run", "--rm", "--network=host"].map(ToOwned::to_owned);
    let image = [format!("--volume={folder}:{folder}:ro"), image.to_string(), "pgbench".to_owned()];
    Some([words.to_vec(), image.to_vec()].concat())
}
