//! Extractors of path parameters.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::{Id, UserRef};
use utoipa::IntoParams;

use super::problem::Problem;

/// The id in `{id}`. Malformed text is the id of nothing: 404.
pub struct IdPath<T>(pub Id<T>);

impl<T> FromRequest for IdPath<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|raw| Id::parse(raw).ok());
        ready(id.map(Self).ok_or_else(|| Problem::not_found("no resource has this id")))
    }
}

/// The user in `{user}`: an id or `@username`. Malformed text names no user: 404.
pub struct UserPath(pub UserRef);

impl FromRequest for UserPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user = request.match_info().get("user").and_then(|raw| UserRef::parse(raw).ok());
        ready(user.map(Self).ok_or_else(|| Problem::not_found("there is no such user")))
    }
}

/// `{id}`, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what `IdPath` reads")]
pub struct IdParameter {
    /// Id of the resource: 24 characters of `a-z` and `0-9`, the first a letter.
    #[param(pattern = "^[a-z][a-z0-9]{23}$", example = "tz4a98xxat96iws9zmbrgj3a")]
    id: String,
}

/// `{user}`, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what `UserPath` reads")]
pub struct UserParameter {
    /// Id of the user, or `@` and the user name.
    #[param(pattern = "^([a-z][a-z0-9]{23}|@[A-Za-z][A-Za-z0-9_]{2,29})$", example = "@ada")]
    user: String,
}
