use super::*;

struct Connection {
    now: Rc<Ticks>,
    activity: Activity,
}

impl Connection {
    fn new() -> Self {
        let now = Rc::new(Ticks::new(u32::MAX - 3));
        Self { activity: Activity::new(Rc::clone(&now)), now }
    }

    /// The verdict after `time`.
    fn after(&self, time: Duration) -> Option<Verdict> {
        let mut left = time;
        while left > Duration::ZERO {
            self.now.set(self.now.get().wrapping_add(1));
            self.activity.judge();
            left = left.saturating_sub(TICK);
        }
        self.activity.verdict()
    }

    fn used() -> Self {
        let connection = Self::new();
        connection.activity.read(100);
        connection.activity.begin(false);
        connection.activity.end();
        connection
    }
}

#[test]
fn a_silent_connection_is_idle_after_the_head_timeout() {
    let connection = Connection::new();
    assert_eq!(connection.after(HEAD), None);
    assert_eq!(connection.after(TICK), Some(Verdict::Idle));
}

#[test]
fn a_slow_head_times_out_despite_further_bytes() {
    for connection in [Connection::new(), Connection::used()] {
        for _ in 0..5 {
            connection.activity.read(1);
            assert_eq!(connection.after(HEAD / 5), None);
        }
        assert_eq!(connection.after(TICK), Some(Verdict::SlowHead));
    }
}

#[test]
fn an_idle_connection_is_kept_alive_for_a_while() {
    let connection = Connection::used();
    assert_eq!(connection.after(KEEP_ALIVE), None);
    assert_eq!(connection.after(TICK), Some(Verdict::Idle));
}

#[test]
fn a_request_in_flight_has_no_timeout() {
    let connection = Connection::new();
    connection.activity.begin(true);
    connection.activity.read(MAX_HEAD * 3);
    assert_eq!(connection.after(KEEP_ALIVE * 2), None);
    assert_eq!(connection.activity.reading(), Reading::On);
    connection.activity.end();
    assert_eq!(connection.after(KEEP_ALIVE), None);
}

#[test]
fn a_head_that_began_during_a_request_times_out_after_it() {
    let connection = Connection::new();
    connection.activity.begin(false);
    connection.activity.read(10);
    assert_eq!(connection.after(HEAD * 2), None);
    connection.activity.end();
    assert_eq!(connection.after(TICK), Some(Verdict::SlowHead));
}

#[test]
fn an_oversized_head_ends_the_connection() {
    let connection = Connection::new();
    connection.activity.read(MAX_HEAD - 1);
    assert_eq!(connection.activity.reading(), Reading::On);
    connection.activity.read(1);
    assert_eq!(connection.activity.reading(), Reading::Later);
    assert_eq!(connection.activity.reading(), Reading::End);
    assert_eq!(connection.activity.verdict(), Some(Verdict::LargeHead));
}

#[test]
fn pipelined_requests_are_not_an_oversized_head() {
    let connection = Connection::new();
    for _ in 0..3 {
        connection.activity.read(MAX_HEAD);
        assert_eq!(connection.activity.reading(), Reading::Later);
        connection.activity.begin(false);
        connection.activity.end();
        assert_eq!(connection.activity.reading(), Reading::On);
    }
}

#[test]
fn a_leaving_client_is_given_a_moment() {
    let connection = Connection::new();
    connection.activity.leave();
    assert!(!connection.activity.is_gone());
    connection.after(FAREWELL + TICK);
    assert!(connection.activity.is_gone());
}
