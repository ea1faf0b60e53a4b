//! Sends requests on many connections at a given rate.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use super::connection::{Answer, Connection, Target};
use crate::figures::Spread;

/// The result of a phase of load.
pub(super) struct Phase {
    /// How long requests were started, and until the last response arrived.
    asking: Duration,
    took: Duration,
    answers: Vec<Answer>,
    /// Requests without a response, by cause.
    lost: BTreeMap<String, usize>,
}

impl Phase {
    /// Opens one connection per target. Each sends the next request when the previous one is answered, or all
    /// together send `pace` requests a second.
    pub(super) async fn run(targets: &[Target], pace: Option<f64>, duration: Duration) -> Result<Self> {
        let began = Instant::now();
        let count = u32::try_from(targets.len())?;
        let step = pace.map(|pace| Duration::from_secs_f64(f64::from(count) / pace));
        let mut connections = JoinSet::new();
        for (number, target) in (0u32..).zip(targets) {
            // The connections start staggered.
            let first = step.unwrap_or_default() * number / count;
            connections.spawn(ask(target.clone(), began + first, step, began + duration));
        }
        let mut phase = Self { asking: duration, took: duration, answers: Vec::new(), lost: BTreeMap::new() };
        while let Some(connection) = connections.join_next().await {
            let (answers, lost) = connection?;
            phase.answers.extend(answers);
            for cause in lost {
                *phase.lost.entry(cause).or_default() += 1;
            }
        }
        phase.took = began.elapsed();
        Ok(phase)
    }

    /// Durations of accepted requests.
    pub(super) fn accepted(&self) -> Spread {
        self.answers.iter().filter(|answer| answer.status < 300).map(|answer| answer.took).collect()
    }

    /// Durations of rejected requests.
    pub(super) fn refused_spread(&self) -> Spread {
        self.answers.iter().filter(|answer| answer.status >= 300).map(|answer| answer.took).collect()
    }

    pub(super) fn accepted_a_second(&self) -> f64 {
        a_second(self.accepted().count, self.took)
    }

    /// Requests per second while requests were started. The last responses arrive later.
    pub(super) fn asked_a_second(&self) -> f64 {
        a_second(self.answers.len(), self.asking)
    }

    /// Number of rejected requests.
    pub(super) fn refused(&self) -> usize {
        self.answers.len() - self.accepted().count
    }

    /// Responses with neither success nor a valid rejection, and requests without a response.
    pub(super) fn wrongs(&self) -> Vec<String> {
        let mut wrongs = BTreeMap::<String, usize>::new();
        for answer in &self.answers {
            let wrong = match answer.status {
                200..300 | 429 => None,
                503 if answer.retry_after => None,
                503 => Some("503 without Retry-After".to_owned()),
                status => Some(status.to_string()),
            };
            if let Some(wrong) = wrong {
                *wrongs.entry(wrong).or_default() += 1;
            }
        }
        wrongs.extend(self.lost.clone());
        wrongs.into_iter().map(|(what, count)| format!("{count} × {what}")).collect()
    }
}

fn a_second(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

async fn ask(target: Target, first: Instant, step: Option<Duration>, end: Instant) -> (Vec<Answer>, Vec<String>) {
    let mut connection = Connection::new(target);
    let (mut answers, mut lost) = (Vec::new(), Vec::new());
    let mut next = first;
    while Instant::now() < end {
        if let Some(step) = step {
            sleep_until(next.into()).await;
            // Delays are not caught up.
            next = (next + step).max(Instant::now());
        }
        match connection.ask().await {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                lost.push(format!("{error:#}"));
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    (answers, lost)
}

/// How late this process wakes up for timers, until `end`.
pub(super) async fn lateness(end: Instant) -> Result<Spread> {
    let mut late = Vec::new();
    while Instant::now() < end {
        let due = Instant::now() + Duration::from_millis(5);
        sleep_until(due.into()).await;
        // The timer has a resolution of one millisecond.
        late.push(due.elapsed().saturating_sub(Duration::from_millis(1)));
    }
    Ok(late.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_rejected_from_wrong() {
        let answer = |status, retry_after| Answer { status, retry_after, took: Duration::from_millis(2) };
        let answers =
            vec![answer(204, false), answer(503, true), answer(429, true), answer(503, false), answer(500, false)];
        let lost = BTreeMap::from([("reset".to_owned(), 2)]);
        let phase = Phase { asking: Duration::from_secs(1), took: Duration::from_secs(2), answers, lost };
        assert_eq!((phase.accepted().count, phase.refused()), (1, 4));
        assert!((phase.asked_a_second() - 5.0).abs() < 1e-9 && (phase.accepted_a_second() - 0.5).abs() < 1e-9);
        assert_eq!(phase.wrongs(), ["1 × 500", "1 × 503 without Retry-After", "2 × reset"]);
    }
}
