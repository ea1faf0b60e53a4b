//! From the socket to the request: connections are bounded, watched, and told what is wrong when they bring no request.
//!
//! - [`accept`]: what is done with each new connection.
//! - [`stream`]: the connection, between the socket and the framework.
//! - [`activity`]: what it does, and for how long it may. [`watch`]: lets the time pass.
//! - [`refused`]: what the framework answers by itself, to be answered better.

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

/// How a server serves its connections.
pub(crate) struct Serving {
    /// Threads.
    pub workers: usize,
    /// Connections that a worker has at most. One that accepts no more leaves clients waiting without a word.
    pub connections_of_a_worker: usize,
    /// How long a client may leave an answer unread or go without a sign of life while it is sent one.
    pub patience: Duration,
    /// How long a client whose request was refused before its end may take to go.
    pub disconnect: Duration,
    /// How long a server that stops waits for requests in flight.
    pub shutdown: Duration,
}

/// Serves `application` to what connects to `listener`.
///
/// As `actix_web::HttpServer` does it, but with a [`Stream`] between the socket and the framework.
///
/// # Errors
/// When the listener is of no use.
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
            // Both are the watch's.
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

/// Notes when a request begins, and when the last byte of its answer is handed on.
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
            // Its place is for the next client that has to be told so.
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

/// A request from its head to the end of its answer.
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

/// The body of an answer, and that its request is in flight.
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
