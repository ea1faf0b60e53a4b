//! Joins all shells of a server behind one stack of middlewares.

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
use crate::middleware::{cors, inside, outside};
use crate::routing::{MethodTable, unmatched};
use crate::settings::HttpSettings;
use crate::surface::{Surface, Surfaces};

/// A part of the URL space, and the handlers that serve it.
pub struct Shell {
    /// The layers and limits of each of its surfaces.
    pub surfaces: &'static [Surface],
    /// Its operations. The `Allow` header, unknown query parameters and the routes in metrics follow from it.
    pub document: OpenApi,
    /// Registers its routes and the state of its handlers with a worker's application.
    pub configure: Configure,
}

/// Registers routes or state with a worker's application.
pub type Configure = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// Services that the middlewares and extractors of all shells use.
pub struct Dependencies {
    /// Identifies the sender by the access token.
    pub identify: Arc<dyn Identify>,
    /// Encodes and decodes cursors.
    pub cursors: CursorCodec,
    /// Phase and dependencies of the server, for readiness and draining.
    pub health: Arc<Health>,
    /// Rate limits of clients; `None` turns them off.
    pub rate_limits: Option<Arc<dyn RateLimiter>>,
    /// Limits and addresses that the operator configures.
    pub settings: HttpSettings,
    /// The server's runtime, which outlives the workers. Handlers open connections in it.
    pub runtime: Handle,
}

/// All shells with their shared state, from which any number of workers build their application.
#[derive(Clone)]
pub struct Application {
    cors_allowed_origins: Arc<[String]>,
    configure: Arc<[Configure]>,
}

impl Application {
    /// Builds the state that all workers share.
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

    /// Builds the application of one worker.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<>,
    > {
        let origins = &self.cors_allowed_origins;
        // The middleware wrapped last runs first; see `middleware`.
        let app = App::new()
            .wrap(from_fn(inside))
            // Must run inside compression, because it keeps only one value of `Vary`.
            .wrap(Condition::new(!origins.is_empty(), cors::cors(origins)))
            .wrap(Compress::default())
            .wrap(from_fn(outside))
            .default_service(to(unmatched));
        self.configure.iter().fold(app, |app, configure| app.configure(&**configure))
    }
}

/// Registers `data` with each worker, for middlewares and handlers.
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

    /// A shell with three routes below `path`.
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
    async fn requests_pass_only_the_layers_of_their_surface() {
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
