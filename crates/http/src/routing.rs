//! Responses to requests that match no handler: 404, and 405 with `Allow`.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

use crate::problem::Problem;

/// The methods of every path. Built from the OpenAPI documents of the shells.
pub(crate) struct MethodTable {
    rows: Vec<(ResourceDef, Vec<&'static str>)>,
}

impl MethodTable {
    pub(crate) fn new(document: &mut OpenApi) -> Self {
        let rows = document
            .paths
            .paths
            .iter_mut()
            .map(|(path, item)| (ResourceDef::new(path.as_str()), operations(item).map(|(method, _)| method).collect()))
            .collect();
        Self { rows }
    }

    /// The pattern of the route that matches `path`. Patterns without parameters take precedence.
    pub(crate) fn pattern(&self, path: &str) -> Option<&str> {
        let fitting = self.rows.iter().filter(|(pattern, _)| pattern.is_match(path));
        fitting.filter_map(|(pattern, _)| pattern.pattern()).min_by_key(|pattern| pattern.matches('{').count())
    }

    /// The methods that `path` supports, for the `Allow` header; `None` for an unknown path.
    fn allowed(&self, path: &str) -> Option<String> {
        let fitting = || self.rows.iter().filter(|(pattern, _)| pattern.is_match(path));
        // A path with its own route does not also match the patterns with parameters.
        let own = |(pattern, _): &&(ResourceDef, Vec<&'static str>)| pattern.pattern() == Some(path);
        let mut methods: Vec<&str> = match fitting().find(own) {
            Some((_, known)) => known.clone(),
            None => fitting().flat_map(|(_, known)| known.iter().copied()).collect(),
        };
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.dedup();
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

/// The operations of a path, by method.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PUT", item.put.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// 404 for an unknown path; 405 for a known path with another method.
pub(crate) async fn unmatched(request: HttpRequest, table: Data<MethodTable>) -> Result<HttpResponse, Problem> {
    match table.allowed(request.match_info().as_str()) {
        Some(methods) if request.method() == Method::OPTIONS => {
            Ok(HttpResponse::NoContent().insert_header((actix_web::http::header::ALLOW, methods)).finish())
        }
        Some(methods) => Err(Problem::method_not_allowed(&methods)),
        None => Err(Problem::not_found("this path does not exist")),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};

    use super::*;

    /// A document of a few operations, some of which take `limit`.
    pub(crate) fn document() -> OpenApi {
        use HttpMethod::{Delete, Get, Patch, Post};
        let mut document = OpenApi::default();
        let parameter = ParameterBuilder::new().name("limit").parameter_in(ParameterIn::Query);
        let list = OperationBuilder::new().parameter(parameter).build();
        for (path, methods, operation) in [
            ("/v1/posts", vec![Get], list.clone()),
            ("/v1/posts", vec![Post], Operation::new()),
            ("/v1/posts/{id}", vec![Get, Patch, Delete], Operation::new()),
            ("/v1/posts/{id}/comments", vec![Get], list),
            ("/v1/users/{user}", vec![Get], Operation::new()),
            ("/v1/users/me", vec![Get, Patch], Operation::new()),
            ("/v1/sessions/{id}", vec![Delete], Operation::new()),
            ("/v1/sessions/refresh", vec![Post], Operation::new()),
            ("/health/live", vec![Get], Operation::new()),
        ] {
            document.paths.add_path_operation(path, methods, operation);
        }
        document
    }

    #[test]
    fn finds_the_pattern_of_every_path() {
        let table = MethodTable::new(&mut document());
        assert_eq!(table.pattern("/v1/users/me"), Some("/v1/users/me"));
        assert_eq!(table.pattern("/v1/posts/abc"), Some("/v1/posts/{id}"));
        assert_eq!(table.pattern("/v1/postss"), None);
    }

    #[test]
    fn finds_the_methods_of_every_path() {
        let table = MethodTable::new(&mut document());
        assert_eq!(table.allowed("/v1/posts").as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(table.allowed("/v1/posts/abc").as_deref(), Some("DELETE, GET, HEAD, PATCH"));
        assert_eq!(table.allowed("/v1/sessions/refresh").as_deref(), Some("POST"));
        assert_eq!(table.allowed("/v1/sessions/tz4a98xxat96iws9zmbrgj3a").as_deref(), Some("DELETE"));
        assert_eq!(table.allowed("/v1/postss"), None);
        assert_eq!(table.allowed("/v1/posts/"), None);
    }
}
