//! Handles SIGINT, SIGTERM and SIGHUP: the command must stop and clean up.

use anyhow::{Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The exit code that shells report after Ctrl-C.
const EXIT_CODE: i32 = 130;

/// Whether the command was asked to stop. While it exists, these signals no longer end the process.
#[derive(Clone)]
pub struct Interrupt {
    raised: watch::Receiver<bool>,
}

impl Interrupt {
    /// Starts to listen. The second signal ends the process at once, without clean-up.
    pub fn listen() -> Result<Self> {
        let mut signals = Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        };
        let (raise, raised) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            raise.send_replace(true);
            eprintln!("\nstopping; press Ctrl-C again to exit without cleaning up");
            signals.next().await;
            std::process::exit(EXIT_CODE);
        });
        Ok(Self { raised })
    }

    /// Waits until a signal asks the command to stop.
    pub async fn raised(&self) {
        if self.raised.clone().wait_for(|raised| *raised).await.is_err() {
            // The listener is gone, so no signal can arrive.
            std::future::pending::<()>().await;
        }
    }

    /// Fails if the command was asked to stop.
    pub fn check(&self) -> Result<()> {
        if *self.raised.borrow() {
            bail!("interrupted");
        }
        Ok(())
    }

    /// Runs `work` until it ends or a signal arrives, which drops it.
    pub async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            () = self.raised() => bail!("interrupted"),
            outcome = work => outcome,
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
