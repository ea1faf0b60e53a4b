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
use crate::middleware::rate_limit::{Limits, RateLimiter};
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
    identify: Data<dyn Identify>,
    links: Data<Links>,
    health: Data<Health>,
    rate_limits: Data<Limits>,
    writes: Data<WriteGate>,
    settings: Data<HttpSettings>,
    runtime: Data<Handle>,
    methods: Data<MethodTable>,
    parameters: Data<ParameterTable>,
    surfaces: Data<Surfaces>,
    shells: Arc<[Configure]>,
}

impl Application {
    /// Prepares what all workers share.
    pub fn new(with: Dependencies, shells: Vec<Shell>) -> Self {
        let surfaces = Surfaces::new(shells.iter().flat_map(|shell| shell.surfaces));
        let mut document = OpenApi::default();
        let mut configure = Vec::with_capacity(shells.len());
        for shell in shells {
            document.merge(shell.document);
            configure.push(shell.configure);
        }
        Self {
            identify: Data::from(with.identify),
            links: Data::new(Links::new(with.cursors, with.settings.base_path.clone())),
            health: Data::from(with.health),
            rate_limits: Data::new(with.rate_limits),
            writes: Data::new(WriteGate::new(with.settings.database_connections, with.settings.write_wait)),
            settings: Data::new(with.settings),
            runtime: Data::new(with.runtime),
            methods: Data::new(MethodTable::new(&mut document)),
            parameters: Data::new(ParameterTable::new(&mut document, &surfaces)),
            surfaces: Data::new(surfaces),
            shells: configure.into(),
        }
    }

    /// The application of one worker.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<>,
    > {
        let origins = &self.settings.cors_allowed_origins;
        // The last to wrap is the first to be passed through; see `middleware`.
        let app = App::new()
            .wrap(from_fn(inside))
            // Within compression: it keeps only one value of `Vary`.
            .wrap(Condition::new(!origins.is_empty(), cors::cors(origins)))
            .wrap(Compress::default())
            .wrap(from_fn(encodings::encodings))
            .wrap(from_fn(outside))
            .configure(|config| self.clone().share(config))
            .default_service(to(unmatched));
        self.shells.iter().fold(app, |app, configure| app.configure(&**configure))
    }

    fn share(self, config: &mut ServiceConfig) {
        config
            .app_data(self.identify)
            .app_data(self.links)
            .app_data(self.health)
            .app_data(self.rate_limits)
            .app_data(self.writes)
            .app_data(self.settings)
            .app_data(self.runtime)
            .app_data(self.methods)
            .app_data(self.parameters)
            .app_data(self.surfaces);
    }
}
