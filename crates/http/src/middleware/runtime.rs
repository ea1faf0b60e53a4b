//! Lets what handlers open outlive the thread that they run on.

use std::future::poll_fn;
use std::pin::pin;

use actix_web::dev::ServiceRequest;
use actix_web::web::Data;
use tokio::runtime::Handle;

use super::{Answer, Inner};

/// Runs handlers in the context of the server's own runtime.
///
/// Every worker has a runtime of its own, which ends with it: when the server stops, that of an idle worker goes at
/// once. A connection to the database that was opened there would go too, though all workers share it, and a request
/// under way at another worker would fail in the middle. Opened in this context it lasts as long as the server.
pub(crate) async fn shared_runtime(request: ServiceRequest, next: impl Inner) -> Answer {
    let runtime = request.app_data::<Data<Handle>>().cloned();
    let mut response = pin!(next(request));
    poll_fn(|context| {
        let _entered = runtime.as_ref().map(|runtime| runtime.enter());
        response.as_mut().poll(context)
    })
    .await
}
