//! `cargo xtask bench`: finds tools and servers for the benchmarks, and runs them.

mod tools;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use crate::executables::Executables;
use crate::report::Report;
use crate::servers::{self, Postgres, Purpose, Redis};
use tools::Tools;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// A short run of about two minutes, without builds: less data, shorter times, one round
    #[arg(long)]
    quick: bool,
    /// Run only the workloads whose names contain this, and nothing else
    #[arg(long, value_name = "PART OF A NAME")]
    only: Option<String>,
    /// Print the change since an earlier bench.json
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// The folder that the report is written to (by default target/bench)
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Also write the tables and plots into docs/performance.md
    #[arg(long)]
    publish: bool,
    /// Write the server's log to this file; it is discarded otherwise
    #[arg(long, value_name = "FILE")]
    server_log: Option<PathBuf>,
    /// Also measure on a PostgreSQL with `fsync` off
    #[arg(long)]
    allow_unsafe_database: bool,
    /// Use the executables of the last release build
    #[arg(long)]
    no_build: bool,
    /// Use this server
    #[arg(long, value_name = "EXECUTABLE")]
    server: Option<PathBuf>,
    /// Use this seed tool
    #[arg(long, value_name = "EXECUTABLE")]
    seed: Option<PathBuf>,
    /// Use these benchmarks
    #[arg(long, value_name = "EXECUTABLE")]
    bench: Option<PathBuf>,
}

/// The executables to run.
struct Programs {
    server: PathBuf,
    seed: PathBuf,
    bench: PathBuf,
}

/// Finds tools and servers, builds, measures, and stops everything that it started.
pub(crate) async fn run(args: &Args) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut report = Report::default();
    let outcome = steps(args, &mut report, &interrupt).await;
    report.print();
    outcome
}

async fn steps(args: &Args, report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    let tools = report.step("find tools", Tools::find(interrupt)).await?;
    let programs = report.step("build", programs(args, interrupt)).await?;
    let postgres = report.step("find PostgreSQL", servers::find(&Postgres, Purpose::Benchmarks, interrupt)).await?;
    let outcome = match report.step("find Redis", servers::find(&Redis, Purpose::Benchmarks, interrupt)).await {
        Ok(redis) => {
            let measured = measure(args, &tools, &programs, (postgres.url(), redis.url()), interrupt);
            let outcome = report.step("measure", measured).await;
            redis.stop().await;
            outcome
        }
        Err(error) => Err(error),
    };
    // Always: this command stops what it started.
    postgres.stop().await;
    outcome
}

/// Builds the executables that were not given.
async fn programs(args: &Args, interrupt: &Interrupt) -> Result<Programs> {
    if let (Some(server), Some(seed), Some(bench)) = (args.server.clone(), args.seed.clone(), args.bench.clone()) {
        return Ok(Programs { server, seed, bench });
    }
    let built = if args.no_build {
        None
    } else {
        // In one command, so that shared crates are built once.
        let packages = ["--release", "--package=thoughts", "--package=seed", "--package=bench"];
        Some(Executables::build(&packages, interrupt).await?)
    };
    let chosen = |given: &Option<PathBuf>, name: &str| match (given, &built) {
        (Some(given), _) => Ok(given.clone()),
        (None, Some(built)) => built.path(name),
        (None, None) => left(name),
    };
    Ok(Programs {
        server: chosen(&args.server, "thoughts")?,
        seed: chosen(&args.seed, "seed")?,
        bench: chosen(&args.bench, "bench")?,
    })
}

/// An executable of the last release build.
fn left(name: &str) -> Result<PathBuf> {
    let metadata =
        MetadataCommand::new().current_dir(root()).no_deps().exec().context("cannot read `cargo metadata`")?;
    let file = metadata.target_directory.join("release").join(name).into_std_path_buf();
    anyhow::ensure!(file.is_file(), "{} is not there; leave --no-build out", file.display());
    Ok(file)
}

async fn measure(
    args: &Args,
    tools: &Tools,
    programs: &Programs,
    (postgres, redis): (&str, &str),
    interrupt: &Interrupt,
) -> Result<()> {
    let root = root();
    let mut command = Command::new(std::path::absolute(&programs.bench)?);
    command.current_dir(&root).arg("run");
    // In the environment, because every user can read the arguments of a process.
    command.env("BENCH_DATABASE_URL", postgres).env("BENCH_REDIS_URL", redis);
    command.arg("--pgbench").arg(tools.pgbench.join(" "));
    let output = args.output.clone().unwrap_or_else(|| root.join("target/bench"));
    let files: [(&str, Option<&Path>); 7] = [
        ("--server", Some(&programs.server)),
        ("--seed", Some(&programs.seed)),
        ("--wrk", Some(&tools.wrk)),
        ("--nginx", Some(&tools.nginx)),
        ("--output", Some(&output)),
        ("--compare", args.compare.as_deref()),
        ("--server-log", args.server_log.as_deref()),
    ];
    for (option, file) in files {
        if let Some(file) = file {
            // Relative paths refer to the caller's folder, and the command runs in another one.
            command.arg(option).arg(std::path::absolute(file)?);
        }
    }
    if args.publish {
        command.arg("--publish").arg(root.join("docs"));
    }
    if let Some(only) = &args.only {
        command.arg("--only").arg(only);
    }
    for (option, wanted) in [("--quick", args.quick), ("--allow-unsafe-database", args.allow_unsafe_database)] {
        if wanted {
            command.arg(option);
        }
    }
    process::run(command, interrupt).await
}
