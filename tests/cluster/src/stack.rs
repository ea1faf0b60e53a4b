//! The compose stack under test: its life, and what breaks it.

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

/// Building the image with nothing cached takes most of this on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_mins(40);

/// Enough to make two databases and to start everything.
const UP_LIMIT: Duration = Duration::from_mins(4);

/// Enough for anything else that is asked of the engine.
const LIMIT: Duration = Duration::from_mins(1);

/// How long a service may take to be healthy again.
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

/// The `stop_grace_period` that docker-compose.yml gives an instance, in seconds.
const STOP_LIMIT: &str = "35";

/// How often the engine is asked.
const PAUSE: Duration = Duration::from_millis(150);

/// What the stack is made of, beside files that `--compose-file` adds.
const FILES: [&str; 2] = ["docker-compose.yml", "deploy/cluster-test.yml"];

/// The stack. It runs from [`Stack::up`] to [`Stack::down`].
pub(crate) struct Stack {
    compose: Compose,
    ports: Ports,
    rate_limit: AtomicBool,
}

/// Where its doors are, all on loopback.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) gateway: u16,
    pub(crate) app1: u16,
    pub(crate) app2: u16,
    pub(crate) app1_metrics: u16,
    pub(crate) app2_metrics: u16,
}

impl Stack {
    /// A stack that does not run yet.
    pub(crate) fn new(profile: Profile, files: &[PathBuf]) -> Self {
        let mut files = files.to_vec();
        files.splice(0..0, FILES.map(|file| root().join(file)));
        let compose = Compose::new(files, profile);
        Self { compose, ports: Ports::default(), rate_limit: AtomicBool::new(false) }
    }

    /// Where its doors are, once it runs.
    pub(crate) fn ports(&self) -> Ports {
        self.ports
    }

    /// How to speak to the stack by hand.
    pub(crate) fn shown(&self) -> String {
        let Ports { gateway, app1, app2, .. } = self.ports;
        let address = "http://127.0.0.1:";
        format!("{}; Nginx {address}{gateway}, app1 {address}{app1}, app2 {address}{app2}", self.compose.shown())
    }

    /// Builds the image.
    pub(crate) async fn build(&self) -> Result<()> {
        self.compose.loudly(&["build"], BUILD_LIMIT).await
    }

    /// Starts everything, on ports and a network that nobody uses by now, and waits until it is healthy.
    pub(crate) async fn up(&mut self) -> Result<()> {
        let [gateway, app1, app2, app1_metrics, app2_metrics] = ports::free()?;
        self.ports = Ports { gateway, app1, app2, app1_metrics, app2_metrics };
        self.compose = self.compose.at(self.ports, &ports::free_network().await?);
        self.compose.run(&["up", "--detach", "--no-build", "--wait"], UP_LIMIT).await.map(drop)
    }

    /// Waits until nothing runs any more of commands that were given up.
    pub(crate) async fn settled(&self) {
        self.compose.settled().await;
    }

    /// Removes everything with all data.
    pub(crate) async fn down(&self) -> Result<()> {
        self.compose.run(&["down", "--volumes", "--remove-orphans", "--timeout", "2"], LIMIT).await.map(drop)
    }

    /// Prints the last lines that each service logged.
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

    /// Stops a service with SIGTERM and answers with what code it ended.
    pub(crate) async fn stop(&self, service: Service) -> Result<i32> {
        self.engine(&["stop", "--time", STOP_LIMIT], service).await?;
        Ok(self.inspect(service, "{{.State.ExitCode}}").await?.parse()?)
    }

    /// Starts a service that was killed or stopped; it may be anything but healthy yet.
    pub(crate) async fn start(&self, service: Service) -> Result<()> {
        self.engine(&["start"], service).await.map(drop)
    }

    /// Waits until a service is healthy, and answers how long that took.
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

    /// Starts what does not run, and waits until all is healthy.
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

    /// Turns the instances' rate limits on or off; that takes instances made anew.
    pub(crate) async fn set_rate_limit(&self, on: bool) -> Result<()> {
        if self.rate_limit.swap(on, Ordering::Relaxed) == on {
            return Ok(());
        }
        let args = ["up", "--detach", "--no-build", "--no-deps", "--wait", "app1", "app2"];
        self.compose.with("RATE_LIMIT", if on { "on" } else { "off" }).run(&args, UP_LIMIT).await.map(drop)
    }

    /// Runs commands of the operations guide word for word in `folder`, with one variable set besides, and answers how
    /// they ended.
    pub(crate) async fn follow(
        &self,
        sequence: Sequence,
        folder: &Path,
        variable: Option<(&'static str, &str)>,
    ) -> Result<Output> {
        let compose = variable.map(|(name, value)| self.compose.with(name, value));
        compose.as_ref().unwrap_or(&self.compose).shell(&sequence.commands()?, folder, UP_LIMIT).await
    }

    /// Starts and changes what is not as the compose file says, with one variable set besides.
    pub(crate) async fn plain_up(&self, variable: Option<(&'static str, &str)>) -> Result<()> {
        let compose = variable.map(|(name, value)| self.compose.with(name, value));
        let compose = compose.as_ref().unwrap_or(&self.compose);
        compose.run(&["up", "--detach", "--wait"], UP_LIMIT).await.map(drop)
    }

    /// Makes the container of a service anew with another variable, and does not wait for it to serve.
    pub(crate) async fn replace(&self, service: Service, (name, value): (&'static str, &str)) -> Result<()> {
        let compose = self.compose.with(name, value);
        compose.run(&["up", "--detach", service.name()], UP_LIMIT).await.map(drop)
    }

    /// The identifier of each service's container, in the order of [`Service::ALL`].
    pub(crate) async fn containers(&self) -> Result<Vec<String>> {
        let mut containers = Vec::with_capacity(Service::ALL.len());
        for service in Service::ALL {
            containers.push(self.inspect(service, "{{.Id}}").await?);
        }
        Ok(containers)
    }

    /// Runs a command within the container of Nginx and answers what it wrote.
    pub(crate) async fn in_nginx(&self, command: &[&str]) -> Result<String> {
        let container = self.compose.container(Service::Nginx);
        self.compose.engine(&[&["exec", container.as_str()], command].concat(), LIMIT).await
    }

    /// Begins a flood from an address of its own: log-ins with the body `guess`, and reads of `path`.
    pub(crate) async fn flood(&self, guess: &str, path: &str) -> Result<Flood> {
        Flood::begin(&self.compose, guess, path).await
    }

    /// What `psql` says of a statement, as the superuser, within the service's container.
    pub(crate) async fn psql(&self, service: Service, statement: &str) -> Result<String> {
        let container = self.compose.container(service);
        let mut args = vec!["exec", &container, "psql", "--username=postgres", "--dbname=thoughts"];
        args.extend(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        args.extend(["--command", statement]);
        self.compose.engine(&args, LIMIT).await
    }

    /// What the engine says of a service's container.
    async fn inspect(&self, service: Service, format: &str) -> Result<String> {
        self.engine(&["inspect", "--format", format], service).await
    }

    /// Runs a command of the engine for a service's container.
    async fn engine(&self, args: &[&str], service: Service) -> Result<String> {
        let container = self.compose.container(service);
        self.compose.engine(&[args, &[container.as_str()]].concat(), LIMIT).await
    }
}
