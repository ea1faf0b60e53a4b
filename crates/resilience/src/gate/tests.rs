use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::caller::scope;

const MS: Duration = Duration::from_millis(1);

/// Two permits, each held for 20 ms as far as the gate knows.
const OPTIONS: GateOptions = GateOptions {
    permits: 2,
    reserves: false,
    wait: Duration::from_millis(100),
    waiting: 50,
    held_for: Duration::from_millis(20),
};

fn caller(name: &str) -> Caller {
    Caller::of(&name)
}

/// A request of `who` that has reached the gate.
async fn comes(gate: &Gate, who: &'static str) -> JoinHandle<Result<Admitted, Overloaded>> {
    let gate = gate.clone();
    let task = tokio::spawn(scope(caller(who), async move { gate.enter().await }));
    yield_now().await;
    task
}

async fn enters(gate: &Gate, who: &'static str) -> Admitted {
    scope(caller(who), gate.enter()).await.unwrap()
}

async fn is_refused(gate: &Gate, who: &'static str) -> Overloaded {
    scope(caller(who), gate.enter()).await.map(drop).unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn requests_that_can_be_served_in_time_wait() {
    let gate = Gate::new(OPTIONS);
    let (one, other) = (enters(&gate, "ada").await, enters(&gate, "ada").await);
    let waiting = [comes(&gate, "ada").await, comes(&gate, "ada").await];
    assert_eq!(gate.waiting(), 2);
    drop((one, other));
    for task in waiting {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(gate.waiting(), 0);
    assert!(gate.enter().await.is_ok(), "all permits are back");
}

#[tokio::test(start_paused = true)]
async fn other_requests_are_rejected_at_once_with_staggered_retry_times() {
    let gate = Gate::new(OPTIONS);
    let _held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let mut waiting = Vec::new();
    // Two permits are held for 20 ms each, so a request is served every 10 ms.
    for _ in 0..10 {
        waiting.push(comes(&gate, "ada").await);
    }
    let began = Instant::now();
    assert_eq!(is_refused(&gate, "ada").await.retry_after, 100 * MS);
    assert_eq!(is_refused(&gate, "ada").await.retry_after, 110 * MS);
    assert_eq!(Instant::now(), began);
    assert_eq!(gate.waiting(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_check_rejects_what_would_be_rejected_and_takes_nothing() {
    let gate = Gate::new(OPTIONS);
    let check = async |who| scope(caller(who), async { gate.check() }).await;
    for _ in 0..10 {
        assert_eq!(check("ada").await, Ok(()));
    }
    let held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let mut waiting = Vec::new();
    for _ in 0..10 {
        assert_eq!(check("ada").await, Ok(()));
        waiting.push(comes(&gate, "ada").await);
    }
    assert_eq!(check("ada").await, Err(Overloaded { retry_after: 100 * MS }));
    assert_eq!(is_refused(&gate, "ada").await.retry_after, 110 * MS, "both share the staggered times");
    assert_eq!(check("grace").await, Ok(()), "her turn comes after one request of ada");
    assert_eq!(gate.waiting(), 10);
    drop((held, waiting));
    yield_now().await;
    assert_eq!(check("ada").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_check_admits_who_may_take_a_reserved_permit() {
    let gate = Gate::new(GateOptions { reserves: true, held_for: 1_000 * MS, ..OPTIONS });
    let _held = enters(&gate, "ada").await;
    let _waiting = [comes(&gate, "ada").await, comes(&gate, "ada").await];
    let check = async |who| scope(caller(who), async { gate.check() }).await;
    assert!(check("ada").await.is_err(), "she would wait for half a second");
    assert_eq!(check("grace").await, Ok(()));
    assert!(scope(caller("grace"), gate.enter()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn without_permits_there_is_one() {
    let gate = Gate::new(GateOptions { permits: 0, held_for: 1_000 * MS, ..OPTIONS });
    let held = enters(&gate, "ada").await;
    let waiting = comes(&gate, "ada").await;
    assert_eq!(gate.waiting(), 1, "as many may wait as there are permits");
    drop(held);
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_long_line_of_one_caller_rejects_no_other_caller() {
    let gate = Gate::new(OPTIONS);
    let held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(comes(&gate, "ada").await);
    }
    let grace = comes(&gate, "grace").await;
    drop(held);
    yield_now().await;
    assert!(grace.is_finished(), "grace's turn comes after one request of ada");
    assert_eq!(waiting.iter().filter(|task| task.is_finished()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_evicts_the_last_of_the_longest_line() {
    let gate = Gate::new(GateOptions { waiting: 3, ..OPTIONS });
    let _held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let waiting = [comes(&gate, "ada").await, comes(&gate, "ada").await, comes(&gate, "ada").await];
    is_refused(&gate, "ada").await;
    let grace = comes(&gate, "grace").await;
    yield_now().await;
    assert_eq!(waiting.each_ref().map(JoinHandle::is_finished), [false, false, true]);
    assert!(!grace.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_times_out_is_rejected_and_leaves_the_queue() {
    let gate = Gate::new(OPTIONS);
    let held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let began = Instant::now();
    is_refused(&gate, "ada").await;
    assert_eq!(Instant::now() - began, 150 * MS);
    assert_eq!(gate.waiting(), 0);
    drop(held);
    assert!(gate.enter().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_waiter_frees_its_slot_and_its_permit() {
    let gate = Gate::new(GateOptions { permits: 1, ..OPTIONS });
    let held = enters(&gate, "ada").await;
    let (first, mut second) = (comes(&gate, "ada").await, Box::pin(scope(caller("ada"), gate.enter())));
    assert!(futures_util::poll!(&mut second).is_pending());
    first.abort();
    assert!(first.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(gate.waiting(), 1);
    drop(held);
    // Its permit was granted, but never received.
    drop(second);
    assert!(gate.enter().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rejections_do_not_delay_later_requests() {
    let gate = Gate::new(OPTIONS);
    let held = [enters(&gate, "ada").await, enters(&gate, "ada").await];
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(comes(&gate, "ada").await);
    }
    for _ in 0..100 {
        is_refused(&gate, "ada").await;
    }
    drop(held);
    for task in waiting {
        assert!(task.await.unwrap().is_ok());
    }
    assert!(gate.enter().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_holds_for_long_leaves_permits_for_others() {
    let gate = Gate::new(GateOptions { permits: 8, reserves: true, ..OPTIONS });
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(enters(&gate, "hostile").await);
    }
    let greedy = comes(&gate, "hostile").await;
    assert!(!greedy.is_finished());
    drop(enters(&gate, "ada").await);
    assert!(!greedy.is_finished());
    held.pop();
    assert!(greedy.await.unwrap().is_ok());
}
