use super::*;

const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

fn breaker() -> CircuitBreaker {
    CircuitBreaker::new(BreakerOptions { threshold: 3, pause: PAUSE, longest_pause: LONGEST_PAUSE })
}

/// A breaker that opened at the given time.
fn opened_at(now: Instant) -> CircuitBreaker {
    let breaker = breaker();
    for _ in 0..3 {
        breaker.try_enter_at(now).unwrap().failed_at(now);
    }
    assert_eq!(breaker.state_at(now), State::Open);
    breaker
}

mod closed {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row() {
        let now = Instant::now();
        let breaker = breaker();
        for _ in 0..2 {
            breaker.try_enter_at(now).unwrap().failed_at(now);
            assert_eq!(breaker.state_at(now), State::Closed);
        }
        breaker.try_enter_at(now).unwrap().failed_at(now);
        assert_eq!(breaker.state_at(now), State::Open);
        assert!(breaker.try_enter_at(now).is_none());
    }

    #[test]
    fn forgets_failures_at_a_success() {
        let now = Instant::now();
        let breaker = breaker();
        for _ in 0..10 {
            breaker.try_enter_at(now).unwrap().failed_at(now);
            breaker.try_enter_at(now).unwrap().failed_at(now);
            breaker.try_enter_at(now).unwrap().succeeded();
        }
        assert_eq!(breaker.state_at(now), State::Closed);
    }

    #[test]
    fn counts_a_dropped_permit_as_neither() {
        let now = Instant::now();
        let breaker = breaker();
        breaker.try_enter_at(now).unwrap().failed_at(now);
        breaker.try_enter_at(now).unwrap().failed_at(now);
        drop(breaker.try_enter_at(now).unwrap());
        assert_eq!(breaker.state_at(now), State::Closed);
        breaker.try_enter_at(now).unwrap().failed_at(now);
        assert_eq!(breaker.state_at(now), State::Open);
    }

    #[test]
    fn opens_at_the_first_failure_with_threshold_zero() {
        let now = Instant::now();
        let breaker = CircuitBreaker::new(BreakerOptions { threshold: 0, pause: PAUSE, longest_pause: LONGEST_PAUSE });
        breaker.try_enter_at(now).unwrap().failed_at(now);
        assert_eq!(breaker.state_at(now), State::Open);
    }
}

mod open {
    use super::*;

    #[test]
    fn rejects_calls_during_the_pause() {
        let now = Instant::now();
        let breaker = opened_at(now);
        let almost = now + PAUSE.saturating_sub(Duration::from_nanos(1));
        assert!(breaker.try_enter_at(almost).is_none());
        assert_eq!(breaker.state_at(almost), State::Open);
        assert_eq!(breaker.state_at(now + PAUSE), State::HalfOpen);
    }

    #[test]
    fn ignores_calls_that_began_before_it_opened() {
        let now = Instant::now();
        let breaker = breaker();
        let early = [breaker.try_enter_at(now).unwrap(), breaker.try_enter_at(now).unwrap()];
        for _ in 0..3 {
            breaker.try_enter_at(now).unwrap().failed_at(now);
        }
        let [one, other] = early;
        one.succeeded();
        assert_eq!(breaker.state_at(now), State::Open);
        other.failed_at(now + PAUSE);
        assert_eq!(breaker.state_at(now + PAUSE), State::HalfOpen);
    }
}

mod half_open {
    use super::*;

    #[test]
    fn lets_one_probe_through() {
        let now = Instant::now();
        let breaker = opened_at(now);
        let probe = breaker.try_enter_at(now + PAUSE);
        assert!(probe.is_some());
        assert!(breaker.try_enter_at(now + PAUSE).is_none());
        assert_eq!(breaker.state_at(now + PAUSE), State::HalfOpen);
    }

    #[test]
    fn closes_when_the_probe_succeeds() {
        let now = Instant::now();
        let breaker = opened_at(now);
        breaker.try_enter_at(now + PAUSE).unwrap().succeeded();
        assert_eq!(breaker.state_at(now + PAUSE), State::Closed);
        // The count starts at zero.
        breaker.try_enter_at(now + PAUSE).unwrap().failed_at(now + PAUSE);
        assert_eq!(breaker.state_at(now + PAUSE), State::Closed);
    }

    #[test]
    fn doubles_the_pause_up_to_the_longest() {
        let mut now = Instant::now();
        let breaker = opened_at(now);
        for seconds in [1, 2, 4, 5, 5] {
            let pause = Duration::from_secs(seconds);
            assert!(breaker.try_enter_at(now + pause.saturating_sub(Duration::from_nanos(1))).is_none(), "{seconds} s");
            now += pause;
            breaker.try_enter_at(now).unwrap().failed_at(now);
        }
    }

    #[test]
    fn restarts_with_the_initial_pause_after_closing() {
        let now = Instant::now();
        let breaker = opened_at(now);
        let later = now + PAUSE;
        breaker.try_enter_at(later).unwrap().failed_at(later);
        let later = later + PAUSE * 2;
        breaker.try_enter_at(later).unwrap().succeeded();
        for _ in 0..3 {
            breaker.try_enter_at(later).unwrap().failed_at(later);
        }
        assert_eq!(breaker.state_at(later + PAUSE), State::HalfOpen);
    }

    #[test]
    fn allows_another_probe_after_a_dropped_one() {
        // Dropping reads the real clock. So the breaker must have opened long enough ago.
        let breaker = opened_at(Instant::now().checked_sub(PAUSE * 2).unwrap());
        drop(breaker.try_enter().unwrap());
        assert_eq!(breaker.state(), State::HalfOpen);
        breaker.try_enter().unwrap().succeeded();
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn lets_one_of_many_threads_through() {
        let now = Instant::now();
        let breaker = opened_at(now);
        let entered = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| breaker.try_enter_at(now + PAUSE))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(entered.len(), 1);
    }
}
