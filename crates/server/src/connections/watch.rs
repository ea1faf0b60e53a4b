//! Lets the time pass for the connections of a worker.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

use super::activity::Activity;

/// How often connections are looked at. One timer for all of them: one each would be set and cleared with every request.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// How often [`TICK`] has passed. It may overflow, if anybody runs the server for thirty years.
pub(super) type Ticks = Cell<u32>;

/// The connections of a worker, until it ends.
pub(super) struct Watch {
    now: Rc<Ticks>,
    connections: RefCell<Vec<Weak<Activity>>>,
}

impl Watch {
    /// Begins to look at connections, in a task of its own that ends with the last handle.
    pub(super) fn begin() -> Rc<Self> {
        let watch = Rc::new(Self { now: Rc::default(), connections: RefCell::default() });
        let weak = Rc::downgrade(&watch);
        rt::spawn(async move {
            let mut ticks = interval(TICK);
            // A worker that was busy has not let its clients be heard either.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(watch) = weak.upgrade() else { return };
                watch.look();
            }
        });
        watch
    }

    /// Looks after one more connection, for as long as it is there.
    pub(super) fn add(&self) -> Rc<Activity> {
        let activity = Rc::new(Activity::new(Rc::clone(&self.now)));
        self.connections.borrow_mut().push(Rc::downgrade(&activity));
        activity
    }

    fn look(&self) {
        self.now.set(self.now.get().wrapping_add(1));
        self.connections.borrow_mut().retain(|connection| {
            let activity = connection.upgrade();
            if let Some(activity) = &activity {
                activity.judge();
            }
            activity.is_some()
        });
    }
}
