//! The compose stack under test: starts, breaks and removes it.

mod compose;
mod flood;
mod names;
mod service;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::time::sleep;
use toolkit::root;

use super::guide::Sequence;
use super::ports;
use compose::Compose;
pub(crate) use compose::Profile;
pub(crate) use flood::Flood;
pub(crate) use service::Service;

/// Building the image without a cache takes most of this on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_mins(40);

/// Enough to initialise two databases and start everything.
const UP_LIMIT: Duration = Duration::from_mins(4);

/// Enough for any other command.
const LIMIT: Duration = Duration::from_mins(1);

/// Time limit for a service to become healthy again.
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

/// The `stop_grace_period` of an instance in docker-compose.yml, in seconds.
const STOP_LIMIT: &str = "35";

/// Interval at which the engine is polled.
const PAUSE: Duration = Duration::from_millis(150);

/// The compose files of the stack, besides those of `--compose-file`.
const FILES: [&str; 2] = ["docker-compose.yml", "deploy/cluster-test.yml"];

/// The stack. It runs from [`Stack::up`] to [`Stack::down`].
pub(crate) struct Stack {
    compose: Compose,
    ports: Ports,
    rate_limit: AtomicBool,
}

/// Published ports, all on loopback.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) gateway: u16,
    pub(crate) app1: u16,
    pub(crate) app2: u16,
    pub(crate) app1_metrics: u16,
    pub(crate) app2_metrics: u16,
}

impl Stack {
    /// A stack that is not started yet.
    pub(crate) fn new(profile: Profile, files: &[PathBuf]) -> Self {
        let mut files = files.to_vec();
        files.splice(0..0, FILES.map(|file| root().join(file)));
        let compose = Compose::new(files, profile);
        Self { compose, ports: Ports::default(), rate_limit: AtomicBool::new(false) }
    }

    /// The published ports, once the stack runs.
    pub(crate) fn ports(&self) -> Ports {
        self.ports
    }

    /// How to access the stack by hand.
    pub(crate) fn shown(&self) -> String {
        let Ports { gateway, app1, app2, .. } = self.ports;
        let address = "http://127.0.0.1:";
        format!("{}; Nginx {address}{gateway}, app1 {address}{app1}, app2 {address}{app2}", self.compose.shown())
    }

    /// Builds the image.
    pub(crate) async fn build(&self) -> Result<()> {
        self.compose.loudly(&["build"], BUILD_LIMIT).await
    }

    /// Starts everything on free ports and a free network, and waits until it is healthy.
    pub(crate) async fn up(&mut self) -> Result<()> {
        let [gateway, app1, app2, app1_metrics, app2_metrics] = ports::free()?;
        self.ports = Ports { gateway, app1, app2, app1_metrics, app2_metrics };
        self.compose = self.compose.at(self.ports, &ports::free_network().await?);
        self.compose.run(&["up", "--detach", "--no-build", "--wait"], UP_LIMIT).await.map(drop)
    }

    /// Waits until all cancelled commands have ended.
    pub(crate) async fn settled(&self) {
        self.compose.settled().await;
    }

    /// Removes everything with all data.
    pub(crate) async fn down(&self) -> Result<()> {
        self.compose.run(&["down", "--volumes", "--remove-orphans", "--timeout", "2"], LIMIT).await.map(drop)
    }

    /// Prints the last log lines of each service.
    pub(crate) async fn print_logs(&self) {
        for service in Service::ALL {
            eprintln!("\n── the last lines of {}", service.name());
            if let Err(error) = self
                .compose
                .loudly(&["logs", "--no-color", "--no-log-prefix", "--tail", "25", service.name()], LIMIT)
                .await
            {
                eprintln!("{error:#}");
            }
        }
    }

    /// Kills a service with SIGKILL. It stays dead until it is started.
    pub(crate) async fn kill(&self, service: Service) -> Result<()> {
        self.engine(&["kill", "--signal", "SIGKILL"], service).await.map(drop)
    }

    /// Stops a service with SIGTERM and returns its exit code.
    pub(crate) async fn stop(&self, service: Service) -> Result<i32> {
        self.engine(&["stop", "--time", STOP_LIMIT], service).await?;
        Ok(self.inspect(service, "{{.State.ExitCode}}").await?.parse()?)
    }

    /// Starts a service that was killed or stopped, without waiting for its health.
    pub(crate) async fn start(&self, service: Service) -> Result<()> {
        self.engine(&["start"], service).await.map(drop)
    }

    /// Waits until a service is healthy, and returns how long that took.
    pub(crate) async fn healthy(&self, service: Service) -> Result<Duration> {
        let began = Instant::now();
        loop {
            let state = self.inspect(service, "{{.State.Status}} {{.State.Health.Status}}").await?;
            if state == "running healthy" {
                return Ok(began.elapsed());
            }
            if began.elapsed() > RECOVERY_LIMIT {
                bail!("{} is `{state}` after {} s", service.name(), RECOVERY_LIMIT.as_secs());
            }
            sleep(PAUSE).await;
        }
    }

    /// Starts services that do not run, and waits until all are healthy.
    pub(crate) async fn mend(&self) -> Result<()> {
        for service in Service::ALL {
            if self.inspect(service, "{{.State.Status}}").await? != "running" {
                self.start(service).await?;
            }
        }
        for service in Service::ALL {
            self.healthy(service).await?;
        }
        Ok(())
    }

    /// Turns the instances' rate limits on or off, which recreates the instances.
    pub(crate) async fn set_rate_limit(&self, on: bool) -> Result<()> {
        if self.rate_limit.swap(on, Ordering::Relaxed) == on {
            return Ok(());
        }
        let args = ["up", "--detach", "--no-build", "--no-deps", "--wait", "app1", "app2"];
        self.compose.with("RATE_LIMIT", if on { "on" } else { "off" }).run(&args, UP_LIMIT).await.map(drop)
    }

    /// Runs commands of the operations guide word for word in `folder`, optionally with one more variable, and
    /// returns their output.
    pub(crate) async fn follow(
        &self,
        sequence: Sequence,
        folder: &Path,
        variable: Option<(&'static str, &str)>,
    ) -> Result<Output> {
        let compose = variable.map(|(name, value)| self.compose.with(name, value));
        compose.as_ref().unwrap_or(&self.compose).shell(&sequence.commands()?, folder, UP_LIMIT).await
    }

    /// Applies the compose file, optionally with one more variable.
    pub(crate) async fn plain_up(&self, variable: Option<(&'static str, &str)>) -> Result<()> {
        let compose = variable.map(|(name, value)| self.compose.with(name, value));
        let compose = compose.as_ref().unwrap_or(&self.compose);
        compose.run(&["up", "--detach", "--wait"], UP_LIMIT).await.map(drop)
    }

    /// Recreates the container of a service with another variable, without waiting for its health.
    pub(crate) async fn replace(&self, service: Service, (name, value): (&'static str, &str)) -> Result<()> {
        let compose = self.compose.with(name, value);
        compose.run(&["up", "--detach", service.name()], UP_LIMIT).await.map(drop)
    }

    /// The id of each service's container, in the order of [`Service::ALL`].
    pub(crate) async fn containers(&self) -> Result<Vec<String>> {
        let mut containers = Vec::with_capacity(Service::ALL.len());
        for service in Service::ALL {
            containers.push(self.inspect(service, "{{.Id}}").await?);
        }
        Ok(containers)
    }

    /// Runs a command in the container of Nginx and returns its output.
    pub(crate) async fn in_nginx(&self, command: &[&str]) -> Result<String> {
        let container = self.compose.container(Service::Nginx);
        self.compose.engine(&[&["exec", container.as_str()], command].concat(), LIMIT).await
    }

    /// Removes everything from Redis.
    pub(crate) async fn flush_redis(&self) -> Result<()> {
        let container = self.compose.container(Service::Redis);
        let args = ["exec", &container, "sh", "/etc/thoughts/cli.sh", "FLUSHALL"];
        // redis-cli ends well also when Redis refuses the command.
        match self.compose.engine(&args, LIMIT).await?.as_str() {
            "OK" => Ok(()),
            other => bail!("FLUSHALL is answered `{other}`"),
        }
    }

    /// Starts a flood from its own address: log-ins with the body `guess`, and reads of `path`.
    pub(crate) async fn flood(&self, guess: &str, path: &str) -> Result<Flood> {
        Flood::begin(&self.compose, guess, path).await
    }

    /// Runs a statement with `psql` as the superuser in the service's container, and returns the output.
    pub(crate) async fn psql(&self, service: Service, statement: &str) -> Result<String> {
        let container = self.compose.container(service);
        let mut args = vec!["exec", &container, "psql", "--username=postgres", "--dbname=thoughts"];
        args.extend(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        args.extend(["--command", statement]);
        self.compose.engine(&args, LIMIT).await
    }

    /// Inspects the container of a service.
    async fn inspect(&self, service: Service, format: &str) -> Result<String> {
        self.engine(&["inspect", "--format", format], service).await
    }

    /// Runs a `docker` command on the container of a service.
    async fn engine(&self, args: &[&str], service: Service) -> Result<String> {
        let container = self.compose.container(service);
        self.compose.engine(&[args, &[container.as_str()]].concat(), LIMIT).await
    }
}
