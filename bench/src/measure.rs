//! Measures a workload and its ceilings in turn, so that a disturbance of the machine affects both.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};

use crate::options::Effort;
use crate::request::Request;
use crate::script::Script;
use crate::statements::Watched;
use crate::statistics::{median, ratio};
use crate::tools::answer::Answer;
use crate::tools::nginx::Nginx;
use crate::tools::pgbench::{Pgbench, Speed};
use crate::tools::wrk::{Load, Reading, Wrk};
use crate::tools::{free_port, listening};
use crate::workloads::{By, Ceiling, What, Workload};
use crate::world::{Caller, World};
use crate::{ceilings, requests};

/// The measurements of a workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// The name of the workload.
    pub name: String,
    /// One reading per round.
    pub rounds: Vec<Reading>,
    /// The ceilings that it is compared with.
    pub ceilings: Vec<Compared>,
}

/// The measurements of a ceiling.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compared {
    /// The kind of ceiling.
    pub by: By,
    /// The target ratio of the server's rate to the ceiling's.
    pub target: Option<f64>,
    /// One speed per round.
    pub rounds: Vec<Speed>,
}

impl Measured {
    /// The median of a figure over the rounds.
    pub fn median(&self, figure: impl Fn(&Reading) -> f64) -> f64 {
        median(self.rounds.iter().map(figure))
    }

    /// The errors of all rounds.
    pub fn errors(&self) -> u64 {
        self.rounds.iter().map(|round| round.errors).sum()
    }

    /// The ratio to a ceiling: the median of the rounds' ratios. The two rates of a round are measured one after the
    /// other.
    pub fn ratio(&self, compared: &Compared) -> Option<f64> {
        let ratios: Option<Vec<_>> =
            self.rounds.iter().zip(&compared.rounds).map(|(own, other)| ratio(own.rate, other.rate)).collect();
        ratios.filter(|ratios| !ratios.is_empty()).map(median)
    }
}

impl Compared {
    pub fn rate(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.rate))
    }
}

/// Everything that a measurement needs.
pub struct Bench<'a> {
    /// Durations and repetitions.
    pub effort: Effort,
    pub wrk: &'a Wrk,
    /// PostgreSQL's benchmark.
    pub pgbench: &'a Pgbench,
    /// Path of Nginx' executable.
    pub nginx: &'a Path,
    /// Host and port of the server.
    pub host: &'a str,
    /// Sends single requests to the server.
    pub caller: &'a Caller,
    pub world: &'a World,
    /// The repositories, with their statements recorded.
    pub watched: &'a Watched,
    /// A folder for temporary files.
    pub folder: &'a Path,
}

/// Pause in which cancelled requests end.
const SETTLING: Duration = Duration::from_secs(1);

/// A program that runs a ceiling.
enum Rival {
    Static { load: Load, _server: Static },
    Database(Script),
    Singles(Vec<Load>),
}

/// A static server. Dropping it stops it.
#[expect(dead_code, reason = "they are kept for their ends")]
enum Static {
    Nginx(Nginx),
    Bare(Child),
}

impl Bench<'_> {
    /// Measures `workload` and its ceilings.
    ///
    /// # Errors
    /// If a program does not run.
    pub async fn workload(&self, workload: &Workload) -> Result<Measured> {
        let sent = requests::of(workload.what, self.world);
        let mut load = self.wrk.load(workload.name, self.host, &sent)?;
        let mut rivals = Vec::with_capacity(workload.ceilings.len());
        for ceiling in workload.ceilings {
            rivals.push(self.rival(workload, ceiling, &sent).await?);
        }
        let Effort { connections, warm_up, duration, .. } = self.effort;
        let duration = Duration::from_secs(duration);
        let empty = |ceiling: &Ceiling| Compared { by: ceiling.by, target: ceiling.target, rounds: Vec::new() };
        let ceilings = workload.ceilings.iter().map(empty).collect();
        let mut measured = Measured { name: workload.name.to_owned(), rounds: Vec::new(), ceilings };
        for _ in 0..self.effort.rounds {
            self.wrk.run(&mut load, connections, Duration::from_secs(warm_up)).await?;
            // Requests still in flight after the warm-up would exceed the server's limits together with the next
            // load.
            tokio::time::sleep(SETTLING).await;
            measured.rounds.push(self.wrk.run(&mut load, connections, duration).await?);
            for (rival, compared) in rivals.iter_mut().zip(&mut measured.ceilings) {
                let speed = match rival {
                    Rival::Static { load, .. } => {
                        let duration = self.effort.of_a_static_server();
                        let Reading { rate, p50, .. } = self.wrk.run(load, connections, duration).await?;
                        Speed { rate, mean: p50 }
                    }
                    Rival::Singles(loads) => {
                        let mut singles = Vec::with_capacity(loads.len());
                        for load in loads {
                            singles.push(self.wrk.run(load, connections, duration).await?);
                            tokio::time::sleep(SETTLING).await;
                        }
                        one_by_one(&singles)
                    }
                    Rival::Database(script) => self.pgbench.run(script, connections, duration).await?,
                };
                compared.rounds.push(speed);
            }
        }
        Ok(measured)
    }

    async fn rival(&self, workload: &Workload, ceiling: &Ceiling, sent: &[Request]) -> Result<Rival> {
        let (host, server) = match ceiling.by {
            By::Pgbench => {
                return Ok(Rival::Database(ceilings::script(workload.what, self.world, self.watched).await?));
            }
            By::Singles => {
                let load = |part: &What| {
                    let name = format!("{} {part:?}", workload.name);
                    self.wrk.load(&name, self.host, &requests::of(*part, self.world))
                };
                return Ok(Rival::Singles(workload.what.parts().iter().map(load).collect::<Result<_>>()?));
            }
            By::Nginx => {
                let nginx = Nginx::start(self.nginx, &self.answer(sent).await?).await?;
                (nginx.host.clone(), Static::Nginx(nginx))
            }
            By::Bare => {
                let (host, child) = self.bare(&self.answer(sent).await?).await?;
                (host, Static::Bare(child))
            }
        };
        let load = self.wrk.load(&format!("{} {}", workload.name, ceiling.by.name()), &host, sent)?;
        Ok(Rival::Static { load, _server: server })
    }

    /// The server's response to the first request.
    async fn answer(&self, sent: &[Request]) -> Result<Answer> {
        self.caller.ask(sent.first().context("a workload without requests")?).await
    }

    /// Starts this program as a bare server.
    async fn bare(&self, answer: &Answer) -> Result<(String, Child)> {
        let file: PathBuf = self.folder.join("answer.json");
        std::fs::write(&file, serde_json::to_vec(answer)?)?;
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg("--answer").arg(file).arg("--port").arg(port.to_string()).kill_on_drop(true);
        let child = command.spawn()?;
        listening(port).await.context("the bare server does not start")?;
        Ok((format!("127.0.0.1:{port}"), child))
    }
}

/// The rate of a server that sends the given requests one after the other: each pair takes as long as both alone.
fn one_by_one(singles: &[Reading]) -> Speed {
    #[expect(clippy::cast_precision_loss, reason = "there are two")]
    let count = singles.len() as f64;
    let seconds: f64 = singles.iter().map(|single| 1.0 / single.rate.max(f64::MIN_POSITIVE)).sum();
    Speed { rate: count / seconds, mean: singles.iter().map(|single| single.p50).sum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(rate: f64, errors: u64) -> Reading {
        Reading { rate, p50: 1.0, p99: 2.0, p999: 3.0, requests: 1, errors }
    }

    #[test]
    fn compares_rates_of_the_same_round() {
        let speeds = [100.0, 50.0, 100.0].map(|rate| Speed { rate, mean: 1.0 }).to_vec();
        let compared = Compared { by: By::Pgbench, target: None, rounds: speeds };
        let rounds = vec![reading(50.0, 1), reading(25.0, 0), reading(90.0, 2)];
        let measured = Measured { name: String::new(), rounds, ceilings: vec![] };
        assert_eq!(measured.ratio(&compared), Some(0.5));
        assert_eq!(measured.errors(), 3);
        assert!((measured.median(|round| round.rate) - 50.0).abs() < f64::EPSILON);
    }

    #[test]
    fn two_in_turn_take_as_long_as_both_alone() {
        let speed = one_by_one(&[reading(300.0, 0), reading(600.0, 0)]);
        // 200 pairs a second: 1 / (1 / 300 + 1 / 600).
        assert!((speed.rate - 400.0).abs() < 1e-6, "{speed:?}");
    }

    #[test]
    fn has_no_ratio_without_rounds() {
        let compared = Compared { by: By::Bare, target: None, rounds: vec![] };
        let measured = Measured { name: String::new(), rounds: vec![], ceilings: vec![] };
        assert_eq!(measured.ratio(&compared), None);
    }
}
