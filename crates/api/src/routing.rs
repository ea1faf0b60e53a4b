//! What happens to requests that no handler takes.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;

use crate::http::problem::Problem;
use crate::openapi::operations;

/// Which methods each path knows; taken from the OpenAPI document, which is collected from the handlers.
pub(crate) struct MethodTable {
    rows: Vec<(ResourceDef, Vec<&'static str>)>,
}

impl MethodTable {
    pub(crate) fn new(document: &mut OpenApi) -> Self {
        let mut rows: Vec<_> = document
            .paths
            .paths
            .iter_mut()
            .map(|(path, item)| (ResourceDef::new(path.as_str()), operations(item).map(|(method, _)| method).collect()))
            .collect();
        rows.push((ResourceDef::new("/docs/{file:.*}"), vec!["GET"]));
        Self { rows }
    }

    /// The pattern of the route that takes `path`; one without parameters goes before one with them.
    pub(crate) fn pattern(&self, path: &str) -> Option<&str> {
        let fitting = self.rows.iter().filter(|(pattern, _)| pattern.is_match(path));
        fitting.filter_map(|(pattern, _)| pattern.pattern()).min_by_key(|pattern| pattern.matches('{').count())
    }

    /// The methods that `path` knows, for an `Allow` header; `None` for an unknown path.
    fn allowed(&self, path: &str) -> Option<String> {
        let fitting = || self.rows.iter().filter(|(pattern, _)| pattern.is_match(path));
        // A path of its own is not also one of those that a pattern with parameters stands for.
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

/// 404 for an unknown path; 405 for a known one with another method.
pub(crate) async fn unmatched(request: HttpRequest, table: Data<MethodTable>) -> Result<HttpResponse, Problem> {
    match table.allowed(request.match_info().as_str()) {
        Some(methods) if request.method() == Method::OPTIONS => {
            Ok(HttpResponse::NoContent().insert_header((actix_web::http::header::ALLOW, methods)).finish())
        }
        Some(methods) => Err(Problem::method_not_allowed(&methods)),
        None => Err(Problem::not_found("there is nothing at this path")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_pattern_of_every_path() {
        let table = MethodTable::new(&mut crate::openapi::document());
        assert_eq!(table.pattern("/v1/users/me"), Some("/v1/users/me"));
        assert_eq!(table.pattern("/v1/posts/abc"), Some("/v1/posts/{id}"));
        assert_eq!(table.pattern("/v1/postss"), None);
    }

    #[test]
    fn knows_the_methods_of_every_path() {
        let table = MethodTable::new(&mut crate::openapi::document());
        assert_eq!(table.allowed("/v1/posts").as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(table.allowed("/v1/posts/abc").as_deref(), Some("DELETE, GET, HEAD, PATCH"));
        assert_eq!(table.allowed("/v1/sessions/current").as_deref(), Some("DELETE"));
        assert_eq!(table.allowed("/v1/sessions/refresh").as_deref(), Some("POST"));
        assert_eq!(table.allowed("/v1/sessions/tz4a98xxat96iws9zmbrgj3a").as_deref(), Some("DELETE"));
        assert_eq!(table.allowed("/v1/postss"), None);
        assert_eq!(table.allowed("/v1/posts/"), None);
    }
}
