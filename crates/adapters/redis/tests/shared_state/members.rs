//! Heartbeats, and reports of lost members.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_adapters::{Members, Membership, Redis, RedisOptions, Unavailable};

use crate::scene::{Scene, eventually, eventually_async};

const BEAT: Duration = Duration::from_millis(100);
/// Long enough that no living member counts as lost on a busy machine.
const SILENCE: Duration = Duration::from_secs(3);

/// Pairs of the member that received a report, and the lost member.
type Reports = Arc<Mutex<Vec<(&'static str, String)>>>;

fn join(scene: &Scene, name: &'static str, reports: &Reports) -> Membership {
    let reports = reports.clone();
    Members::with_rhythm(scene.redis(), BEAT, SILENCE).run(name, move |lost| {
        reports.lock().unwrap().push((name, lost));
        std::future::ready(Ok(()))
    })
}

async fn until_listed(scene: &Scene, names: &[&str]) {
    eventually_async("all listed", async || {
        let listed: Vec<String> = scene.raw("ZRANGE", "members", &["0", "-1"]).await;
        names.iter().all(|name| listed.iter().any(|listed| listed == name))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn are_reported_to_one_member_when_they_die_and_to_none_when_they_leave() {
    let scene = Scene::new();
    let reports = Reports::default();
    let _living = ["a", "b", "c"].map(|name| join(&scene, name, &reports));
    let leaving = join(&scene, "leaving", &reports);
    let dying = join(&scene, "dying", &reports);
    until_listed(&scene, &["a", "b", "c", "leaving", "dying"]).await;

    leaving.leave().await.unwrap();
    drop(dying);
    // The member that left fell silent earlier. If it counted as lost, there would be a report by now.
    eventually("a report", || !reports.lock().unwrap().is_empty()).await;
    // Once handled, the lost member is on no list, and is not reported again.
    eventually_async("no member left to report", async || {
        let lists: (u64, u64) =
            (scene.raw("ZCARD", "members", &[]).await, scene.raw("ZCARD", "members:lost", &[]).await);
        lists == (3, 0)
    })
    .await;
    let reports = reports.lock().unwrap();
    assert_eq!(reports.iter().map(|(_, lost)| lost.as_str()).collect::<Vec<_>>(), ["dying"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn are_reported_again_until_handled() {
    let scene = Scene::new();
    let reports = Reports::default();
    drop({
        let dying = join(&scene, "dying", &reports);
        until_listed(&scene, &["dying"]).await;
        dying
    });
    let failed = reports.clone();
    let _living = Members::with_rhythm(scene.redis(), BEAT, Duration::from_millis(300)).run("living", move |lost| {
        let mut reports = failed.lock().unwrap();
        reports.push(("living", lost));
        let enough = reports.len() >= 3;
        drop(reports);
        async move { if enough { Ok(()) } else { Err(unavailable().await) } }
    });
    eventually_async("no member left to report", async || {
        let lost: u64 = scene.raw("ZCARD", "members:lost", &[]).await;
        lost == 0 && reports.lock().unwrap().len() >= 3
    })
    .await;
    assert!(reports.lock().unwrap().iter().all(|(_, lost)| lost == "dying"));
}

/// The error of a Redis that is unreachable.
async fn unavailable() -> Unavailable {
    let nowhere = Redis::connect("redis://127.0.0.1:1", RedisOptions::default()).unwrap();
    nowhere.ping().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn are_lost_when_they_restart_without_leaving() {
    let scene = Scene::new();
    let reports = Reports::default();
    let first = join(&scene, "same", &reports);
    until_listed(&scene, &["same"]).await;
    assert!(reports.lock().unwrap().is_empty());
    drop(first);
    let second = join(&scene, "same", &reports);
    eventually("a report", || *reports.lock().unwrap() == [("same", "same".to_owned())]).await;

    second.leave().await.unwrap();
    let _third = join(&scene, "same", &reports);
    until_listed(&scene, &["same"]).await;
    assert_eq!(reports.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn are_lost_despite_a_heartbeat_in_the_future() {
    let scene = Scene::new();
    let reports = Reports::default();
    // As if the clock had been set back by years.
    let () = scene.raw("ZADD", "members", &["9000000000000", "dead"]).await;
    let _living = join(&scene, "living", &reports);
    eventually("a report", || *reports.lock().unwrap() == [("living", "dead".to_owned())]).await;
}
