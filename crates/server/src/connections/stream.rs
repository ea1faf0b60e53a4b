//! The connection between the socket and the framework.
//!
//! It applies the timeouts of [`Activity`], and replaces the framework's bare refusals by proper responses.
//!
//! Invariants: nothing follows the last response. After it the connection is half-closed and drained for a moment, so
//! the client can read the response before a reset.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::dev::Extensions;
use domain::Clock as _;
use http_kit::connections::Connection;
use http_kit::refusal::Refusal;
use system::SystemClock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::{Activity, Reading, Verdict};
use super::refused;

pub(super) struct Stream {
    socket: TcpStream,
    activity: Rc<Activity>,
    /// Passed to the requests on the first call of `introduce`.
    connection: Cell<Option<Connection>>,
    farewell: Option<Farewell>,
}

/// The last response on a connection.
struct Farewell {
    answer: Vec<u8>,
    written: usize,
    is_shut_down: bool,
}

impl Stream {
    /// A connection just accepted.
    pub(super) fn new(socket: TcpStream, activity: Rc<Activity>, connection: Connection) -> Self {
        Self { socket, activity, connection: Cell::new(Some(connection)), farewell: None }
    }

    /// Stores what its requests need to know of the connection.
    pub(super) fn introduce(&self, data: &mut Extensions) {
        data.insert(Rc::clone(&self.activity));
        if let Some(connection) = self.connection.take() {
            data.insert(connection);
        }
    }

    /// Prepares the last response, which says why the connection ends. Does nothing if a response has said already
    /// that it ends.
    fn refuse(&mut self, refusal: Refusal) {
        if self.farewell.is_none() && !self.activity.is_announced() {
            self.activity.leave();
            self.farewell =
                Some(Farewell { answer: refusal.answer(SystemClock.now()), written: 0, is_shut_down: false });
        }
    }

    /// Writes the last response, and waits for a moment until the client disconnects. Closing a socket with unread data
    /// resets the connection, and the client might lose the response.
    fn poll_farewell(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(farewell) = &mut self.farewell else { return Poll::Ready(Ok(())) };
        self.activity.wake(context.waker());
        if self.activity.is_gone() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let mut socket = Pin::new(&mut self.socket);
        while farewell.written < farewell.answer.len() {
            match ready!(socket.as_mut().poll_write(context, &farewell.answer[farewell.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => farewell.written += written,
            }
        }
        if !farewell.is_shut_down {
            ready!(socket.as_mut().poll_shutdown(context))?;
            farewell.is_shut_down = true;
        }
        loop {
            let mut unread = [0; 4096];
            let mut unread = ReadBuf::new(&mut unread);
            ready!(socket.as_mut().poll_read(context, &mut unread))?;
            if unread.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.activity.reading() {
            Reading::On => {}
            Reading::Later => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Reading::End => return Poll::Ready(Ok(())),
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(context, buffer);
        match &read {
            Poll::Ready(_) => this.activity.read(buffer.filled().len() - before),
            Poll::Pending => this.activity.wake(context.waker()),
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.activity.is_gone() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        match refused::find(bytes) {
            None => Pin::new(&mut this.socket).poll_write(context, bytes),
            Some((0, refusal)) => {
                this.refuse(refusal);
                ready!(this.poll_farewell(context))?;
                Poll::Ready(Ok(bytes.len()))
            }
            Some((answers, _)) => Pin::new(&mut this.socket).poll_write(context, &bytes[..answers]),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.activity.verdict() {
            Some(Verdict::SlowHead) => this.refuse(Refusal::SlowHead),
            Some(Verdict::LargeHead) => this.refuse(Refusal::HeadTooLarge),
            Some(Verdict::Idle) | None => {}
        }
        ready!(this.poll_farewell(context))?;
        Pin::new(&mut this.socket).poll_shutdown(context)
    }
}
