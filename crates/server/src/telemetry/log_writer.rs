//! Writes the log in a thread of its own, so that a log line never blocks a request.
//!
//! Lines gather in a buffer, which the thread writes. Only the first line in an empty buffer wakes it. At tens of
//! thousands of lines a second, a wake-up for each would cost more than the lines.
//!
//! Invariants:
//! - Lines are written whole and in order.
//! - A line that does not fit or cannot be written is counted as dropped.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The most bytes in the buffer. Further lines are dropped and counted.
const MOST: usize = 8 * 1024 * 1024;
/// How long lines gather before they are written.
const GATHERING: Duration = Duration::from_millis(10);
/// How long the end of the process waits for its last lines. The reader of the log may have stopped reading.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The buffer of lines.
#[derive(Clone)]
pub(crate) struct LogWriter(Arc<Inner>);

/// Keeps the thread running. When dropped, it waits until the rest is written.
#[must_use = "nothing is written after it is gone"]
pub(crate) struct WriterGuard(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    closed: bool,
    finished: bool,
}

impl LogWriter {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub(crate) fn begin(output: impl Write + Send + 'static) -> io::Result<(Self, WriterGuard)> {
        let inner = Arc::new(Inner::default());
        let writer = Arc::clone(&inner);
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(output))?;
        Ok((Self(Arc::clone(&inner)), WriterGuard(inner)))
    }

    /// The number of lines dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, line: &[u8]) {
        let mut state = self.state();
        if state.closed || state.lines.len() + line.len() > MOST {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = state.lines.len();
        state.lines.extend_from_slice(line);
        let is_half_full = before < MOST / 2 && state.lines.len() >= MOST / 2;
        drop(state);
        if before == 0 || is_half_full {
            self.changed.notify_all();
        }
    }

    fn run(&self, mut output: impl Write) {
        let mut lines = Vec::new();
        loop {
            let idle = |state: &mut State| state.lines.is_empty() && !state.closed;
            let state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
            let gathering = |state: &mut State| !state.closed && state.lines.len() < MOST / 2;
            let gathered = self.changed.wait_timeout_while(state, GATHERING, gathering);
            let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut lines, &mut state.lines);
            let closed = state.closed;
            drop(state);
            self.put(&mut output, &lines);
            lines.clear();
            lines.shrink_to(64 * 1024);
            if closed {
                self.state().finished = true;
                self.changed.notify_all();
                return;
            }
        }
    }

    /// Writes all of `lines`, or counts what cannot be written as dropped.
    fn put(&self, output: &mut impl Write, lines: &[u8]) {
        let mut rest = lines;
        while !rest.is_empty() {
            match output.write(rest) {
                Ok(0) => break,
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The reader lags behind, perhaps in the middle of a line, which must be completed.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(GATHERING),
                // A failing log cannot log its failure.
                Err(_) => break,
            }
        }
        let lost: u64 = rest.iter().map(|byte| u64::from(*byte == b'\n')).sum();
        self.dropped.fetch_add(lost, Ordering::Relaxed);
        let _ = output.flush();
    }
}

impl Drop for WriterGuard {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.closed = true;
        self.0.changed.notify_all();
        drop(self.0.changed.wait_timeout_while(state, LAST_LINES, |state| !state.finished));
    }
}

/// Takes a whole line at a time, as the formatter writes them.
impl Write for &LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.leave(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Writes nothing until its gate opens, and then to a buffer that the test can read.
    struct Gated(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // A dropped gate is open.
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (LogWriter, WriterGuard, mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (gate, written) = (mpsc::channel(), Arc::new(Mutex::new(Vec::new())));
        let (writer, guard) = LogWriter::begin(Gated(gate.1, Arc::clone(&written))).unwrap();
        (writer, guard, gate.0, written)
    }

    #[test]
    fn lines_are_written_in_order_before_the_end() {
        let (writer, guard, gate, written) = gated();
        drop(gate);
        for number in 0..1000 {
            writeln!(&writer, "{number}").unwrap();
        }
        drop(guard);
        let lines: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        let expected = lines.join("\n") + "\n";
        assert_eq!(String::from_utf8(written.lock().unwrap().clone()).unwrap(), expected);
        assert_eq!(writer.dropped(), 0);
    }

    /// Takes a few bytes at a time, sometimes none, and fails after a number of calls.
    struct Failing {
        left: usize,
        refuse: bool,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.refuse = !self.refuse;
            if self.refuse {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            if self.left == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let taken = bytes.len().min(7).min(self.left);
            self.left -= taken;
            self.written.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn unwritten_lines_are_counted_and_none_is_written_twice() {
        let written = Arc::default();
        let failing = Failing { left: 25, refuse: false, written: Arc::clone(&written) };
        let (writer, guard) = LogWriter::begin(failing).unwrap();
        for number in 0..10 {
            writeln!(&writer, "line {number}").unwrap();
        }
        drop(guard);
        assert_eq!(written.lock().unwrap().as_slice(), b"line 0\nline 1\nline 2\nline");
        assert_eq!(writer.dropped(), 7);
    }

    #[test]
    fn lines_beyond_the_buffer_are_dropped_and_counted_without_a_wait() {
        let (writer, guard, gate, written) = gated();
        let line = vec![b'x'; 1024 * 1024];
        for _ in 0..100 {
            (&writer).write_all(&line).unwrap();
        }
        assert!(writer.dropped() > 80, "{}", writer.dropped());
        drop(gate);
        drop(guard);
        let kept = 100 - usize::try_from(writer.dropped()).unwrap();
        assert_eq!(written.lock().unwrap().len(), kept * line.len());
    }
}
