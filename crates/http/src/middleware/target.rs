//! Validates the request target: its length, and its query parameters.

use std::collections::BTreeSet;

use actix_web::dev::ServiceRequest;
use actix_web::web::Data;
use url::form_urlencoded;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{OpenApi, RefOr};

use super::{Answer, Inner, refuse, routed_path};
use crate::problem::{FieldError, Problem, code};
use crate::routing::operations;
use crate::surface::{Layer, Surfaces};

/// Maximum bytes of path and query: twice what any call needs with every character of a user name and of a 200-byte
/// cursor escaped. A response that repeats it in `Link` keeps its headers below 4 KiB, a common limit of proxies.
const MOST: usize = 2048;
/// Maximum number of unknown parameters that a problem lists.
const NAMED: usize = 32;

/// Rejects a target that is longer than any valid one: 414.
pub(crate) async fn length(request: ServiceRequest, next: impl Inner) -> Answer {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MOST) {
        return Ok(refuse(request, Problem::uri_too_long(MOST)));
    }
    next(request).await
}

/// Rejects unknown query parameters with 422, like unknown fields of a body. Otherwise a misspelt `limit` would go
/// unnoticed, and a parameter introduced later would change requests that already send it.
pub(crate) async fn parameters(request: ServiceRequest, next: impl Inner) -> Answer {
    if !request.query_string().is_empty()
        && let Some(table) = request.app_data::<Data<ParameterTable>>()
        && let Some(known) = table.of(request.method().as_str(), routed_path(&request))
        && let Some(problem) = unknown(request.query_string(), known)
    {
        return Ok(refuse(request, problem));
    }
    next(request).await
}

fn unknown(query: &str, known: &[String]) -> Option<Problem> {
    let names: BTreeSet<_> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name)
        .filter(|name| known.iter().all(|known| known != name))
        .collect();
    let error = |name: &_| FieldError::new(name, code::UNKNOWN_PARAMETER.as_str(), "is not a parameter of this call");
    (!names.is_empty()).then(|| Problem::invalid(names.iter().take(NAMED).map(|name| error(&**name)).collect()))
}

/// The query parameters of every call on surfaces that reject unknown ones. Built from the OpenAPI document.
pub(crate) struct ParameterTable(Vec<Call>);

struct Call {
    method: &'static str,
    /// The segments of the path; `None` matches any segment.
    path: Vec<Option<String>>,
    parameters: Vec<String>,
}

impl ParameterTable {
    pub(crate) fn new(document: &mut OpenApi, surfaces: &Surfaces) -> Self {
        let mut calls = Vec::new();
        let refuses = |path: &str| surfaces.of(path).has(Layer::Parameters);
        for (path, item) in document.paths.paths.iter_mut().filter(|(path, _)| refuses(path)) {
            for (method, operation) in operations(item) {
                let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
                    RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
                    _ => None,
                });
                let parts = path.split('/').map(|part| (!part.starts_with('{')).then(|| part.to_owned()));
                calls.push(Call { method, path: parts.collect(), parameters: parameters.collect() });
            }
        }
        // Fixed segments take precedence over parameters, as in the router.
        calls.sort_by_key(|call| call.path.iter().filter(|part| part.is_none()).count());
        Self(calls)
    }

    /// The parameters of a call; `None` if there is no such call.
    fn of(&self, method: &str, path: &str) -> Option<&[String]> {
        self.0.iter().find(|call| call.method == method && call.is_at(path)).map(|call| call.parameters.as_slice())
    }
}

impl Call {
    fn is_at(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let fits = |(part, known): (&str, &Option<String>)| match known {
            Some(known) => part == known,
            None => !part.is_empty(),
        };
        self.path.iter().all(|known| parts.next().is_some_and(|part| fits((part, known)))) && parts.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::Surface;

    #[test]
    fn finds_the_parameters_of_every_call() {
        static SURFACE: Surface = Surface { prefix: "/v1/", stack: &[Layer::Parameters], ..Surface::PLAIN };
        let table = ParameterTable::new(&mut crate::routing::tests::document(), &Surfaces::new([&SURFACE]));
        let of = |method, path| table.of(method, path).map(|names| names.join(" "));
        assert_eq!(of("GET", "/v1/posts").as_deref(), Some("limit"));
        assert_eq!(of("GET", "/v1/posts/abc/comments").as_deref(), Some("limit"));
        assert_eq!(of("GET", "/v1/posts/abc").as_deref(), Some(""));
        assert_eq!(of("POST", "/v1/posts").as_deref(), Some(""));
        assert_eq!(of("PATCH", "/v1/users/me").as_deref(), Some(""));
        for (method, path) in
            [("GET", "/v1/posts/"), ("GET", "/v1/postss"), ("GET", "/health/live"), ("PUT", "/v1/posts")]
        {
            assert_eq!(of(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn lists_every_unknown_parameter_once() {
        let known = ["limit".to_owned()];
        let names = |query| {
            let problem = unknown(query, &known)?;
            let document = serde_json::to_value(problem.document("")).unwrap();
            assert_eq!(document["code"], "unknown_parameter");
            let fields = document["errors"].as_array().unwrap().iter();
            Some(fields.map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names("limit=5&limit=6"), None);
        assert_eq!(names("&&"), None);
        assert_eq!(names("b=1&limit=5&a&b=2&%6Cimit=7").unwrap(), ["a", "b"]);
        assert_eq!(names("=1").unwrap(), [""]);
        assert_eq!(names(&(0..100).map(|n| n.to_string()).collect::<Vec<_>>().join("&")).unwrap().len(), NAMED);
    }
}
