//! Ctrl-C, a polite kill and a closed terminal: all ask the command to stop and to clear up after itself.

use anyhow::{Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// What shells report for a command that Ctrl-C ended.
const EXIT_CODE: i32 = 130;

/// Whether somebody wants this command to stop. From its making on, signals no longer end the process by themselves.
#[derive(Clone)]
pub struct Interrupt {
    raised: watch::Receiver<bool>,
}

impl Interrupt {
    /// Starts to listen. The second signal ends the process at once, whatever it leaves behind.
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
            eprintln!("\nstopping; once more to leave at once");
            signals.next().await;
            std::process::exit(EXIT_CODE);
        });
        Ok(Self { raised })
    }

    /// Waits until somebody wants a stop.
    pub async fn raised(&self) {
        if self.raised.clone().wait_for(|raised| *raised).await.is_err() {
            // Nobody listens any more, so nobody can ask.
            std::future::pending::<()>().await;
        }
    }

    /// Fails when somebody has asked for a stop.
    pub fn check(&self) -> Result<()> {
        if *self.raised.borrow() {
            bail!("interrupted");
        }
        Ok(())
    }

    /// Does `work` unless somebody asks for a stop; then it is dropped where it stands.
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
