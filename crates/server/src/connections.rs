//! From the socket to the request: connections are bounded in number and time, and malformed requests get a proper
//! response.
//!
//! - [`mod@accept`]: accepting a connection;
//! - [`stream`]: the connection, between the socket and the framework;
//! - [`activity`]: the timeouts of a connection, and [`watch`], the timer of a worker;
//! - [`refused`]: detection of the framework's own bare responses, which are replaced.
//!
//! Invariants:
//! - The number of connections is bounded, in all and per client network.
//! - A connection without a request in flight has a timeout. The bytes of an incomplete head do not extend it.
//! - A client whose bytes are not a valid request gets a response that says why, if it can be written.
//!
//! Tested in `activity/tests.rs`, and end to end in `tests/`.

mod accept;
mod activity;
mod refused;
mod stream;
mod watch;

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Payload, Request};
use actix_service::{IntoServiceFactory as _, Service, ServiceFactoryExt as _, apply_fn_factory, map_config};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Server, ServiceResponse, fn_factory, fn_service};
use actix_web::http::ConnectionType;
use actix_web::web::Bytes;
use http_kit::application::Application;
use http_kit::connections::{Connection, Connections};

use accept::accept;
use activity::Activity;
use stream::Stream;
use watch::Watch;

/// The limits of serving connections.
pub(crate) struct Serving {
    /// The number of worker threads.
    pub workers: usize,
    /// The most connections per worker. At this limit a worker stops accepting, and clients wait without a response.
    pub connections_of_a_worker: usize,
    /// How long sent data may stay unacknowledged before the connection is closed.
    pub patience: Duration,
    /// How long a client may take to disconnect after its request was refused before its end.
    pub disconnect: Duration,
    /// How long a stopping server waits for requests in flight.
    pub shutdown: Duration,
}

/// Serves `application` on `listener`.
///
/// It does what `actix_web::HttpServer` does, with a [`Stream`] between the socket and the framework.
///
/// # Errors
/// The error of the operating system, if the listener cannot be used.
pub(crate) fn serve(
    application: Application,
    listener: TcpListener,
    connections: Connections,
    serving: &Serving,
) -> io::Result<Server> {
    let builder = Server::build()
        .workers(serving.workers)
        .max_concurrent_connections(serving.connections_of_a_worker)
        .shutdown_timeout(serving.shutdown.as_secs().max(1))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let (patience, disconnect) = (serving.patience, serving.disconnect);
    let builder = builder.listen("api", listener, move || {
        let stopping = stopping.clone();
        let app = map_config(application.app().into_factory(), |()| AppConfig::default());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            // The watch applies both timeouts.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(disconnect)
            .on_connect_ext(|stream: &Stream, data| stream.introduce(data))
            .h1(apply_fn_factory(app, follow));
        let connections = connections.clone();
        let accepting = fn_factory(move || {
            let (connections, watch) = (connections.clone(), Watch::begin());
            let accept = fn_service(move |socket| std::future::ready(accept(socket, &connections, &watch, patience)));
            async move { Ok::<_, ()>(accept) }
        });
        accepting.and_then(http)
    })?;
    Ok(builder.run())
}

/// Marks a request as in flight, from its head to the last byte of its response.
fn follow<S>(
    mut request: Request,
    app: &S,
) -> impl Future<Output = Result<ServiceResponse<Followed>, actix_web::Error>> + use<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
{
    let has_body = !matches!(request.payload(), Payload::None);
    let in_flight = request.conn_data::<Rc<Activity>>().map(|activity| InFlight::begin(activity, has_body));
    let is_surplus = request.conn_data::<Connection>().is_some_and(Connection::is_surplus);
    let answer = app.call(request);
    async move {
        let mut response = answer.await?;
        if is_surplus {
            // Close it: its slot is needed to tell the next client that there are too many.
            response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        }
        if let Some(InFlight(activity)) = &in_flight
            && response.response().head().connection_type() == ConnectionType::Close
        {
            activity.announce();
        }
        Ok(response.map_body(|_, body| Followed { body, _in_flight: in_flight }))
    }
}

/// Marks a request as in flight until dropped.
struct InFlight(Rc<Activity>);

impl InFlight {
    fn begin(activity: &Rc<Activity>, has_body: bool) -> Self {
        activity.begin(has_body);
        Self(Rc::clone(activity))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The body of a response, which keeps its request in flight.
struct Followed {
    body: BoxBody,
    _in_flight: Option<InFlight>,
}

impl MessageBody for Followed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_next(context)
    }
}
