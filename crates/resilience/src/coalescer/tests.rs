use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};

use super::*;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Item(u32, u32);

impl Coalesce for Item {
    type Key = u32;

    fn key(&self) -> Option<u32> {
        Some(self.0)
    }
}

/// Each batch waits for a permit, and is recorded.
struct Scene {
    coalescer: Arc<Coalescer<Item, u32>>,
    gate: Arc<Semaphore>,
    batches: Arc<Mutex<Vec<Vec<Item>>>>,
}

const PANIC: u32 = 666;

impl Scene {
    fn new(options: CoalescerOptions) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let batches = Arc::new(Mutex::new(Vec::new()));
        let (passes, done) = (Arc::clone(&gate), Arc::clone(&batches));
        let run = move |items: Vec<Item>| {
            let (passes, done) = (Arc::clone(&passes), Arc::clone(&done));
            async move {
                passes.acquire().await.unwrap().forget();
                assert!(items.iter().all(|item| item.1 != PANIC));
                done.lock().unwrap().push(items.clone());
                items.iter().map(|item| item.1 * 10).collect()
            }
        };
        Self { coalescer: Arc::new(Coalescer::new(options, run)), gate, batches }
    }

    async fn submit(&self, item: Item) -> JoinHandle<Result<u32, NotCoalesced>> {
        let coalescer = Arc::clone(&self.coalescer);
        let waiting = tokio::spawn(async move { coalescer.submit(item).await });
        for _ in 0..5 {
            yield_now().await;
        }
        waiting
    }

    fn batches(&self) -> Vec<Vec<u32>> {
        let batches = self.batches.lock().unwrap();
        batches.iter().map(|batch| batch.iter().map(|item| item.1).collect()).collect()
    }
}

const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 3, waiting: 5 };

#[tokio::test]
async fn items_submitted_during_a_batch_form_the_next() {
    let s = Scene::new(OPTIONS);
    let mut waiting = Vec::new();
    for number in 0..6 {
        waiting.push(s.submit(Item(number, number)).await);
    }
    s.gate.add_permits(100);
    for (number, waiting) in (0..).zip(waiting) {
        assert_eq!(waiting.await.unwrap(), Ok(number * 10));
    }
    assert_eq!(s.batches(), [vec![0], vec![1, 2, 3], vec![4, 5]]);
    assert_eq!(s.submit(Item(7, 7)).await.await.unwrap(), Ok(70), "a new lane starts");
}

#[tokio::test]
async fn items_with_equal_keys_run_one_after_the_other() {
    let s = Scene::new(OPTIONS);
    let mut waiting = Vec::new();
    for (number, key) in (0..).zip([0, 1, 1, 2, 1]) {
        waiting.push(s.submit(Item(key, number)).await);
    }
    s.gate.add_permits(100);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(s.batches(), [vec![0], vec![1, 3], vec![2], vec![4]]);
}

#[tokio::test]
async fn lanes_run_batches_concurrently() {
    let s = Scene::new(CoalescerOptions { lanes: 2, ..OPTIONS });
    for number in 0..4 {
        drop(s.submit(Item(number, number)).await);
    }
    assert_eq!(s.coalescer.0.state().waiting.len(), 2);
}

#[tokio::test]
async fn items_with_equal_keys_keep_their_order_across_lanes() {
    let s = Scene::new(CoalescerOptions { lanes: 2, ..OPTIONS });
    let mut waiting = Vec::new();
    for (number, key) in (0..).zip([0, 0, 1, 0]) {
        waiting.push(s.submit(Item(key, number)).await);
    }
    assert_eq!(s.coalescer.0.state().waiting.len(), 2, "the second lane took the item with another key");
    s.gate.add_permits(100);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    let of_key = |number| s.batches().iter().position(|batch| batch.contains(&number));
    assert!(of_key(0) < of_key(1) && of_key(1) < of_key(3));
}

#[tokio::test]
async fn a_runtime_shutdown_leaves_no_waiter_pending() {
    let s = Scene::new(OPTIONS);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let coalescer = Arc::clone(&s.coalescer);
    let first = std::thread::spawn(move || {
        let first = other.spawn(async move { coalescer.submit(Item(0, 0)).await });
        other.block_on(async {
            for _ in 0..5 {
                yield_now().await;
            }
        });
        drop(other);
        first
    });
    let behind = s.submit(Item(1, 1)).await;
    drop(first.join().unwrap());
    s.gate.add_permits(100);
    assert!(matches!(behind.await.unwrap(), Ok(10) | Err(NotCoalesced::BrokenOff)));
    assert_eq!(s.submit(Item(0, 2)).await.await.unwrap(), Ok(20), "its key is free");
}

#[tokio::test]
async fn a_full_queue_rejects_items() {
    let s = Scene::new(OPTIONS);
    for number in 0..6 {
        drop(s.submit(Item(number, number)).await);
    }
    assert_eq!(s.submit(Item(9, 9)).await.await.unwrap(), Err(NotCoalesced::Full));
}

#[tokio::test]
async fn cancelling_a_waiter_leaves_the_others() {
    let s = Scene::new(OPTIONS);
    let first = s.submit(Item(0, 0)).await;
    let second = s.submit(Item(1, 1)).await;
    let third = s.submit(Item(2, 2)).await;
    first.abort();
    second.abort();
    for _ in 0..5 {
        yield_now().await;
    }
    s.gate.add_permits(100);
    assert_eq!(third.await.unwrap(), Ok(20));
    assert_eq!(s.batches(), [vec![0], vec![2]], "a started batch runs to its end");
}

#[tokio::test]
async fn a_panicking_batch_fails_only_its_own_items() {
    let s = Scene::new(OPTIONS);
    let broken = s.submit(Item(0, PANIC)).await;
    let behind = s.submit(Item(1, 1)).await;
    s.gate.add_permits(100);
    assert_eq!(broken.await.unwrap(), Err(NotCoalesced::BrokenOff));
    assert_eq!(behind.await.unwrap(), Ok(10));
    assert_eq!(s.submit(Item(0, 2)).await.await.unwrap(), Ok(20), "its key is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_item_gets_its_own_outcome() {
    let run = |items: Vec<Item>| async move {
        tokio::time::sleep(Duration::from_micros(50)).await;
        items.iter().map(|item| item.1 + 1).collect()
    };
    let options = CoalescerOptions { lanes: 2, most: 16, waiting: 10_000 };
    let coalescer = Arc::new(Coalescer::new(options, run));
    let tasks: Vec<_> = (0..2000)
        .map(|number| {
            let coalescer = Arc::clone(&coalescer);
            tokio::spawn(async move { coalescer.submit(Item(number % 40, number)).await })
        })
        .collect();
    for (number, task) in (0..).zip(tasks) {
        assert_eq!(task.await.unwrap(), Ok(number + 1));
    }
}
