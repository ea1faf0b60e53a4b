//! A whole run of the benchmarks.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::DateTime;
use domain::Clock as _;
use system::{CuidGenerator, SystemClock};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::footprint::{self, Footprint};
use crate::machine::{self, Machine};
use crate::measure::Bench;
use crate::options::{Effort, Options};
use crate::report::Report;
use crate::server::{Server, Setting};
use crate::statements::Watched;
use crate::tools::pgbench::Pgbench;
use crate::tools::wrk::Wrk;
use crate::workloads::{self, Workload};
use crate::world::{self, Caller, World};
use crate::{admin, compare, growth, markdown, plots, pressure, table};

/// Idle time before the memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures, prints and writes the report. Drops its databases in any case.
///
/// # Errors
/// If something does not run. A missed target is not an error.
pub async fn run(options: &Options) -> Result<()> {
    // An invalid old report is better rejected before the measurement.
    let old = options.compare.as_deref().map(Report::read).transpose()?;
    admin::drop_all(&options.database_url).await?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let outcome = tokio::select! {
        outcome = measure(options) => outcome,
        _ = interrupt.recv() => bail_interrupted(),
        _ = terminate.recv() => bail_interrupted(),
    };
    admin::drop_all(&options.database_url).await?;
    let report = outcome?;
    for table in table::tables(&report) {
        println!("\n{}", table.aligned());
    }
    complain(&report);
    if let Some(old) = &old {
        println!("\n{}", compare::compare(old, &report).aligned());
    }
    write(options, &report)
}

fn bail_interrupted() -> Result<Report> {
    bail!("interrupted")
}

/// The options and tools of a run.
struct Run<'a> {
    options: &'a Options,
    effort: Effort,
    folder: TempDir,
    wrk: Wrk,
    setting: Setting,
}

async fn measure(options: &Options) -> Result<Report> {
    let database = admin::settings(&options.database_url).await?;
    if !options.allow_unsafe_database {
        admin::durable(&database)?;
    }
    let mut versions = machine::versions(options);
    versions.insert("Redis".to_owned(), admin::empty_redis(&admin::redis_database(&options.redis_url, 0)?).await?);
    let workloads = workloads::named(options.only.as_deref());
    if workloads.is_empty() {
        bail!(
            "no workload matches --only; the workloads are: {}",
            workloads::WORKLOADS.iter().map(|workload| workload.name).collect::<Vec<_>>().join("; ")
        );
    }
    let effort = if options.quick { Effort::QUICK } else { Effort::FULL };
    let folder = tempfile::Builder::new().prefix("thoughts-bench-").tempdir()?;
    let wrk = Wrk::new(&options.wrk, folder.path())?;
    let setting = Setting {
        program: options.server.clone(),
        database_url: String::new(),
        redis_url: String::new(),
        // Random enough for a local server, and as long as a key must be.
        signing_key: [CuidGenerator, CuidGenerator]
            .map(|ids| domain::UserId::generate(&ids).as_str().to_owned())
            .concat(),
        log: options.server_log.clone(),
    };
    let mut report = Report {
        date: DateTime::from_timestamp_micros(SystemClock.now().as_micros()).context("no date")?.to_rfc3339(),
        commit: machine::commit(),
        machine: Machine::here(),
        versions,
        database: database.into_iter().collect(),
        effort,
        workloads: Vec::new(),
        footprint: None,
        growth: Vec::new(),
        pressure: Vec::new(),
    };
    let run = Run { options, effort, folder, wrk, setting };
    run.everything(&workloads, &mut report).await?;
    Ok(report)
}

/// A database, and a server on it.
struct Site {
    posts: usize,
    setting: Setting,
    server: Server,
    caller: Caller,
    world: World,
    watched: Watched,
    pgbench: Pgbench,
}

impl Run<'_> {
    async fn everything(&self, workloads: &[Workload], report: &mut Report) -> Result<()> {
        let main = self.site(0, self.effort.posts, &[10, 200, 1000]).await?;
        if self.options.only.is_some() {
            return self.workloads(main, workloads, report).await.map(drop);
        }
        let mut sites = vec![main];
        for (number, posts) in (1..).zip(self.effort.sizes().iter().filter(|posts| **posts != self.effort.posts)) {
            sites.push(self.site(number, *posts, &[growth::FOLLOWED]).await?);
        }
        sites.sort_by_key(|site| site.posts);
        say("reads at several sizes");
        let benches: Vec<_> = sites.iter().map(|site| (site.posts, self.bench(site))).collect();
        report.growth = growth::measure(&benches).await?;
        let place = sites.iter().position(|site| site.posts == self.effort.posts).context("no database")?;
        let mut main = sites.swap_remove(place);
        for site in sites {
            site.server.kill().await?;
        }
        // A new process: memory used by earlier log-ins would distort the memory at rest.
        main.server.stop().await?;
        main.server = Server::start(&main.setting).await?;
        main.caller = Caller::new(&main.server.host, &main.setting.signing_key)?;
        tokio::time::sleep(REST).await;
        let at_rest = main.server.memory().map(|memory| memory.resident);
        let main = self.workloads(main, workloads, report).await?;
        say("latency against load");
        report.pressure = pressure::measure(&self.bench(&main)).await?;
        tokio::time::sleep(REST).await;
        let memory = main.server.memory();
        main.server.stop().await?;
        say("starts");
        report.footprint = Some(Footprint {
            at_rest,
            peak: memory.map(|memory| memory.peak),
            after_load: memory.map(|memory| memory.resident),
            starts: footprint::starts(&main.setting, self.effort.starts).await?,
            executable: footprint::size(&self.options.server)?,
        });
        Ok(())
    }

    async fn workloads(&self, site: Site, workloads: &[Workload], report: &mut Report) -> Result<Site> {
        for workload in workloads {
            say(workload.name);
            report.workloads.push(self.bench(&site).workload(workload).await?);
        }
        Ok(site)
    }

    /// Creates a database with `posts` posts, starts a server on it and explores the data.
    async fn site(&self, number: usize, posts: usize, followed: &[usize]) -> Result<Site> {
        say(&format!("filling a database with {posts} posts"));
        let database_url = admin::create(&self.options.database_url, number).await?;
        world::seed(&self.options.seed, &database_url, posts).await?;
        admin::add_people(&database_url).await?;
        let redis_url = admin::redis_database(&self.options.redis_url, number)?;
        admin::empty_redis(&redis_url).await?;
        let setting = Setting { database_url, redis_url, ..self.setting.clone() };
        let server = Server::start(&setting).await?;
        let caller = Caller::new(&server.host, &setting.signing_key)?;
        let world = caller.explore(posts, followed).await?;
        admin::settle(&setting.database_url).await?;
        let watched = Watched::open(&setting.database_url).await?;
        let pgbench = Pgbench::new(&self.options.pgbench, self.folder.path(), &setting.database_url);
        Ok(Site { posts, setting, server, caller, world, watched, pgbench })
    }

    fn bench<'a>(&'a self, site: &'a Site) -> Bench<'a> {
        Bench {
            effort: self.effort,
            wrk: &self.wrk,
            pgbench: &site.pgbench,
            nginx: &self.options.nginx,
            host: &site.server.host,
            caller: &site.caller,
            world: &site.world,
            watched: &site.watched,
            folder: self.folder.path(),
        }
    }
}

fn say(what: &str) {
    eprintln!("bench: {what}");
}

/// Warns of unexpected responses, which make the rates meaningless.
fn complain(report: &Report) {
    for measured in report.workloads.iter().filter(|measured| measured.errors() > 0) {
        let requests: u64 = measured.rounds.iter().map(|round| round.requests).sum();
        eprintln!("WARNING: {}: {} errors in {requests} requests", measured.name, measured.errors());
    }
}

/// Writes the report, and on request also into the documentation.
fn write(options: &Options, report: &Report) -> Result<()> {
    let folder = &options.output;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join("bench.json"), serde_json::to_vec_pretty(report)?)?;
    let text = markdown::render(report);
    std::fs::write(folder.join("bench.md"), &text)?;
    plots::draw(report, folder)?;
    eprintln!("bench: wrote bench.json, bench.md and plots to {}", folder.display());
    if let Some(docs) = &options.publish {
        publish(docs, report, &text)?;
    }
    Ok(())
}

fn publish(docs: &Path, report: &Report, text: &str) -> Result<()> {
    let page = docs.join("performance.md");
    let old = std::fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let new = markdown::put_into(&old, text).with_context(|| format!("cannot change {}", page.display()))?;
    std::fs::write(&page, new)?;
    let folder = docs.join("performance");
    std::fs::create_dir_all(&folder)?;
    plots::draw(report, &folder)?;
    eprintln!("bench: wrote {}", page.display());
    Ok(())
}
