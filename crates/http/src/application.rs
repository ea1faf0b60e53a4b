//! All shells of a server, behind one stack of middlewares.

use std::sync::Arc;

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{Data, ServiceConfig, to};
use actix_web::{App, Error};
use tokio::runtime::Handle;
use utoipa::openapi::OpenApi;

use crate::cursor::CursorCodec;
use crate::health::Health;
use crate::identity::Identify;
use crate::links::Links;
use crate::middleware::rate_limit::RateLimiter;
use crate::middleware::shed::WriteGate;
use crate::middleware::target::ParameterTable;
use crate::middleware::{cors, encodings, inside, outside};
use crate::routing::{MethodTable, unmatched};
use crate::settings::HttpSettings;
use crate::surface::{Surface, Surfaces};

/// A part of the address space, and what answers there.
pub struct Shell {
    /// How the middlewares treat it.
    pub surfaces: &'static [Surface],
    /// Its calls: what 405 says, which parameters are unknown, and the routes of the metrics follow from it.
    pub document: OpenApi,
    /// Adds its routes, and what their handlers work with, to the application of a worker.
    pub configure: Configure,
}

/// Adds to the application of a worker.
pub type Configure = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// What the middlewares and the extractors of all shells work with.
pub struct Dependencies {
    /// Recognises callers.
    pub identify: Arc<dyn Identify>,
    /// Writes and reads cursors.
    pub cursors: CursorCodec,
    /// Whether the server can serve.
    pub health: Arc<Health>,
    /// Budgets of clients; `None` lets everybody ask as often as they like.
    pub rate_limits: Option<Arc<dyn RateLimiter>>,
    /// How the server behaves.
    pub settings: HttpSettings,
    /// Outlives the workers; what handlers open is opened there.
    pub runtime: Handle,
}

/// The shells, ready to be served by any number of workers.
#[derive(Clone)]
pub struct Application {
    cors_allowed_origins: Arc<[String]>,
    configure: Arc<[Configure]>,
}

impl Application {
    /// Prepares what all workers share.
    pub fn new(with: Dependencies, shells: Vec<Shell>) -> Self {
        let settings = with.settings;
        let surfaces = Surfaces::new(shells.iter().flat_map(|shell| shell.surfaces));
        let mut document = OpenApi::default();
        let mut configure = Vec::new();
        for shell in shells {
            document.merge(shell.document);
            configure.push(shell.configure);
        }
        configure.extend([
            share(Data::from(with.identify)),
            share(Data::from(with.health)),
            share(Data::new(with.rate_limits)),
            share(Data::new(with.runtime)),
            share(Data::new(Links::new(with.cursors, settings.base_path.clone()))),
            share(Data::new(WriteGate::new(settings.database_connections, settings.write_wait))),
            share(Data::new(MethodTable::new(&mut document))),
            share(Data::new(ParameterTable::new(&mut document, &surfaces))),
            share(Data::new(surfaces)),
        ]);
        let cors_allowed_origins = settings.cors_allowed_origins.clone().into();
        configure.push(share(Data::new(settings)));
        Self { cors_allowed_origins, configure: configure.into() }
    }

    /// The application of one worker.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<>,
    > {
        let origins = &self.cors_allowed_origins;
        // The last to wrap is the first to be passed through; see `middleware`.
        let app = App::new()
            .wrap(from_fn(inside))
            // Within compression: it keeps only one value of `Vary`.
            .wrap(Condition::new(!origins.is_empty(), cors::cors(origins)))
            .wrap(Compress::default())
            .wrap(from_fn(encodings::encodings))
            .wrap(from_fn(outside))
            .default_service(to(unmatched));
        self.configure.iter().fold(app, |app, configure| app.configure(&**configure))
    }
}

/// Shows `data` to the middlewares and the handlers of a worker.
fn share<T: Send + Sync + ?Sized + 'static>(data: Data<T>) -> Configure {
    Arc::new(move |config| {
        config.app_data(data.clone());
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
    use actix_web::test::{TestRequest, call_service, init_service, read_body, try_call_service};
    use actix_web::web;
    use domain::Principal;

    use super::*;
    use crate::problem::Problem;
    use crate::surface::{Layer, Limits};

    struct Nobody;

    impl Identify for Nobody {
        fn identify(&self, _: &str) -> Result<Principal, Problem> {
            Err(Problem::unauthenticated())
        }
    }

    const HURRIED: Limits = Limits { body: 4, time: Some(Duration::from_millis(20)) };
    static USUAL: [Surface; 1] = [Surface { prefix: "/usual/", limits: HURRIED, ..Surface::PLAIN }];
    static BARE: [Surface; 1] = [Surface { prefix: "/bare/", limits: HURRIED, stack: &[Layer::Log], ..Surface::PLAIN }];

    async fn late() -> &'static str {
        tokio::time::sleep(Duration::from_millis(60)).await;
        "late"
    }

    /// A shell that answers below `path`.
    fn shell(surfaces: &'static [Surface], path: &'static str) -> Shell {
        let configure = move |config: &mut ServiceConfig| {
            let long = || async { "long ".repeat(1000) };
            config
                .route(&format!("{path}echo"), web::post().to(|body: String| async { body }))
                .route(&format!("{path}long"), web::get().to(long))
                .route(&format!("{path}late"), web::get().to(late));
        };
        Shell { surfaces, document: OpenApi::default(), configure: Arc::new(configure) }
    }

    fn application() -> Application {
        let with = Dependencies {
            identify: Arc::new(Nobody),
            cursors: CursorCodec::new(&[]),
            health: Arc::new(Health::new(Vec::new())),
            rate_limits: None,
            settings: HttpSettings::for_tests(),
            runtime: Handle::current(),
        };
        Application::new(with, vec![shell(&USUAL, "/usual/"), shell(&BARE, "/bare/")])
    }

    #[actix_web::test]
    async fn a_surface_without_a_layer_goes_without_it() {
        let app = init_service(application().app()).await;
        let echo = async |path: &str| {
            let request = TestRequest::post().uri(path).insert_header((CONTENT_LENGTH, "5")).set_payload("hello");
            let response = call_service(&app, request.to_request()).await;
            (response.status().as_u16(), read_body(response).await)
        };
        assert_eq!(echo("/usual/echo").await.0, 413, "is read, within its limit");
        assert_eq!(echo("/bare/echo").await, (200, "hello".into()), "is left to the handler");

        let packed = async |path: &str| {
            let request = TestRequest::get().uri(path).insert_header((ACCEPT_ENCODING, "gzip"));
            let response = call_service(&app, request.to_request()).await;
            [CONTENT_ENCODING, VARY].map(|name| response.headers().contains_key(name))
        };
        assert_eq!(packed("/usual/long").await, [true, true]);
        assert_eq!(packed("/bare/long").await, [false, false]);

        let in_time =
            async |path: &str| try_call_service(&app, TestRequest::get().uri(path).to_request()).await.is_ok();
        assert!(!in_time("/usual/late").await);
        assert!(in_time("/bare/late").await);
    }
}
