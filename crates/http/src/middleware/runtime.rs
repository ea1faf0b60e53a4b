//! Lets resources that handlers open outlive the worker thread.

use std::future::poll_fn;
use std::pin::pin;

use actix_web::dev::ServiceRequest;
use actix_web::web::Data;
use tokio::runtime::Handle;

use super::{Answer, Inner};

/// Runs handlers in the context of the server's runtime.
///
/// Every worker has its own runtime, which ends with the worker. When the server stops, idle workers end first. A
/// database connection opened in such a runtime would end with it, although all workers share the connection.
/// Requests in flight on other workers would fail. Connections opened in the server's runtime last until the server
/// exits.
pub(crate) async fn shared_runtime(request: ServiceRequest, next: impl Inner) -> Answer {
    let runtime = request.app_data::<Data<Handle>>().cloned();
    let mut response = pin!(next(request));
    poll_fn(|context| {
        let _entered = runtime.as_ref().map(|runtime| runtime.enter());
        response.as_mut().poll(context)
    })
    .await
}
