//! Simulation of several instances over one store and one log. Delays, losses and repetitions are random, and
//! reproducible by seed.
//!
//! Invariants under test:
//! - Every read shows the writes that it must show (`World::required`).
//! - Once the faults stop, every instance shows the stored state.
//!
//! The tests run in paused time, which advances when every task waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod actors;
mod journal;
mod repositories;
mod state;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::actors::{Names, PEOPLE, Ports, person, queries, stranger};
use crate::journal::follow;
use crate::world::{INSTANCES, Plan, World};

/// The duration of a run, in simulated time.
const LASTS: Duration = Duration::from_secs(5);
/// Long enough for the cache to settle once the faults have stopped.
const SETTLES: Duration = Duration::from_secs(15);

const QUIET: Plan = Plan {
    failing_appends: 0,
    drops: 0,
    stalls: 0,
    lost_writes: 0,
    failing_loads: 0,
    outages: false,
    shared: true,
    tags: 100_000,
};

fn run(seeds: std::ops::Range<u64>, plan: Plan) {
    for seed in seeds {
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(live(seed, plan));
    }
}

async fn live(seed: u64, plan: Plan) {
    let world = World::new(seed, plan);
    let ports: Arc<Vec<_>> = Arc::new((0..INSTANCES).map(|instance| Ports::new(&world, instance)).collect());
    let names = Arc::new(Names::new());
    let mut followers = JoinSet::new();
    for instance in 0..INSTANCES {
        followers.spawn(follow(world.clone(), instance));
    }
    let mut actors = JoinSet::new();
    for name in PEOPLE {
        actors.spawn(person(world.clone(), ports.clone(), names.clone(), name));
    }
    for _ in 0..3 {
        actors.spawn(stranger(world.clone(), ports.clone(), names.clone()));
    }
    if plan.outages {
        actors.spawn(outages(world.clone()));
    }
    tokio::select! {
        () = sleep(LASTS) => {}
        ended = actors.join_next() => panic!("seed {seed}: {}", ended.unwrap().unwrap_err()),
    }
    actors.shutdown().await;
    world.journal.set_down(false);
    world.is_calm.store(true, Ordering::SeqCst);
    sleep(SETTLES).await;
    every_instance_shows_the_stored_state(seed, &world, &ports, &names).await;
    followers.shutdown().await;
}

/// Takes the log down now and then. It may restart without its last entries.
async fn outages(world: Arc<World>) {
    loop {
        world.pause(3000).await;
        world.journal.set_down(true);
        world.pause(600).await;
        if world.below(2) == 0 {
            world.journal.restart(world.below(5));
        }
        world.journal.set_down(false);
    }
}

async fn every_instance_shows_the_stored_state(seed: u64, world: &World, ports: &[Ports], names: &Names) {
    let (state, queries) = (world.now(), queries(world, names));
    let before = world.loads.load(Ordering::SeqCst);
    for round in 0..2 {
        for query in &queries {
            for (instance, ports) in ports.iter().enumerate() {
                let answer = ports.ask(query, None).await.unwrap();
                assert_eq!(answer, state.answer(query), "seed {seed}, instance {instance}, round {round}: {query:?}");
            }
        }
    }
    let loads = world.loads.load(Ordering::SeqCst) - before;
    let reads = 2 * queries.len() * ports.len();
    assert!(loads * 2 <= reads + 2 * queries.len(), "seed {seed}: {loads} loads for {reads} reads");
}

#[test]
fn with_nothing_but_delays() {
    run(0..6, QUIET);
}

#[test]
fn without_shared_entries() {
    run(100..103, Plan { shared: false, ..QUIET });
}

#[test]
fn with_a_small_tag_table() {
    run(200..204, Plan { tags: 128, ..QUIET });
}

#[test]
fn with_connections_that_break() {
    run(300..306, Plan { drops: 20, stalls: 20, ..QUIET });
}

#[test]
fn with_a_log_that_fails() {
    run(400..406, Plan { failing_appends: 20, outages: true, ..QUIET });
}

#[test]
fn with_writes_of_unknown_outcome() {
    run(500..506, Plan { lost_writes: 100, ..QUIET });
}

#[test]
fn with_an_unavailable_loader() {
    run(600..603, Plan { failing_loads: 100, ..QUIET });
}

#[test]
fn with_all_of_it() {
    let plan = Plan { failing_appends: 10, drops: 10, stalls: 10, lost_writes: 50, outages: true, tags: 512, ..QUIET };
    run(700..710, plan);
}
