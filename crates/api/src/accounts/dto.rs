//! Request and response bodies of accounts.

use accounts::{NewPassword, ProfileEdit, SignUpCommand, SignedIn};
use domain::{
    Bio, ChosenPassword, DisplayName, Password, Revision, Timestamp, User, UserId, UserView, UserViewer, Username,
};
use http_kit::body::{Request, faults_of, given};
use http_kit::check::Check;
use http_kit::encoded::Representation;
use http_kit::problem::{FieldError, Problem};
use http_kit::text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::problems::invalid_credentials;

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignUp, examples(json!({"username": "ada", "password": "correct horse battery"})))]
pub(crate) struct SignUpRequest {
    /// Unique name of the account: 3 to 30 characters of `a-z`, `0-9` and `_`, the first a letter. Upper case is
    /// folded to lower case. Some words are reserved.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(
        required,
        nullable = false,
        min_length = 3,
        max_length = 30,
        pattern = "^[A-Za-z][A-Za-z0-9_]{2,29}$",
        examples("ada")
    )]
    username: Option<String>,
    /// Password: 8 to 128 characters. Must not be blank, one of the 10,000 most common passwords, the user name or
    /// the display name.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(required, nullable = false, min_length = 8, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", format = Password, examples("correct horse battery"))]
    password: Option<String>,
    /// Name shown to readers: one line of 1 to 50 characters, at least one of them visible. Every writing direction
    /// that it opens (Unicode UAX #9) must be closed. Defaults to the user name.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 50,
        pattern = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
        examples("Ada Lovelace")
    )]
    display_name: Option<String>,
    /// Text of the profile: up to 300 characters. Newline and tab are the only control characters allowed. Defaults
    /// to the empty text.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        required = false,
        nullable = false,
        max_length = 300,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
        examples("Notes on the engine.")
    )]
    bio: Option<String>,
}

impl TryFrom<SignUpRequest> for SignUpCommand {
    type Error = Problem;

    fn try_from(request: SignUpRequest) -> Result<Self, Problem> {
        let mut check = Check::shape(&request);
        let username = check.parse("username", request.username.as_deref(), Username::parse);
        let password = check.parse("password", request.password.as_deref(), ChosenPassword::parse);
        let display_name = check.parse("display_name", request.display_name.as_deref(), DisplayName::parse);
        let bio = check.parse("bio", request.bio.as_deref(), Bio::parse);
        match (username, password) {
            (Some(username), Some(password)) if check.passed() => Ok(Self { username, password, display_name, bio }),
            _ => Err(check.into_problem()),
        }
    }
}

impl Request for SignUpRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(SignUpCommand::try_from(self))
    }
}

/// User name and password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogIn, examples(json!({"username": "ada", "password": "correct horse battery"})))]
pub(crate) struct LogInRequest {
    /// User name of the account. Upper and lower case are equal.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(required, nullable = false, examples("ada"))]
    username: Option<String>,
    /// Password of the account.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(required, nullable = false, format = Password, examples("correct horse battery"))]
    password: Option<String>,
}

impl LogInRequest {
    /// Parses the user name and the password. Malformed text gets `invalid_credentials`, the same as a wrong
    /// password.
    pub(super) fn into_credentials(self) -> Result<(Username, Password), Problem> {
        let check = Check::shape(&self);
        let (Some(username), Some(password)) = (self.username, self.password) else {
            return Err(check.into_problem());
        };
        let wrong = |()| invalid_credentials();
        let username = Username::parse(&username).map_err(|_| wrong(()))?;
        let password = Password::parse(&password).map_err(|_| wrong(()))?;
        Ok((username, password))
    }
}

impl Request for LogInRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_credentials())
    }
}

/// A refresh token to exchange.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh, examples(json!({"refresh_token": "q6XlF0p3m1yKc2vS8d5wTzR7uJ4nB9hA1eG0iL2oYxM"})))]
pub(crate) struct RefreshRequest {
    /// The newest refresh token of the session.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(required, nullable = false, examples("q6XlF0p3m1yKc2vS8d5wTzR7uJ4nB9hA1eG0iL2oYxM"))]
    refresh_token: Option<String>,
}

impl RefreshRequest {
    pub(super) fn into_token(self) -> Result<String, Problem> {
        let check = Check::shape(&self);
        self.refresh_token.ok_or_else(|| check.into_problem())
    }
}

impl Request for RefreshRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_token())
    }
}

/// Changes to the profile or the password. Omitted fields stay unchanged.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileEdit, examples(json!({"bio": "Poetical science."})))]
pub(crate) struct ProfileEditRequest {
    /// Name shown to readers: one line of 1 to 50 characters, at least one of them visible. Every writing direction
    /// that it opens (Unicode UAX #9) must be closed.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 50,
        pattern = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
        examples("Ada, Countess of Lovelace")
    )]
    display_name: Option<String>,
    /// Text of the profile: up to 300 characters. Newline and tab are the only control characters allowed.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        required = false,
        nullable = false,
        max_length = 300,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
        examples("Poetical science.")
    )]
    bio: Option<String>,
    /// New password: 8 to 128 characters. Must not be blank, one of the 10,000 most common passwords, the user name
    /// or the display name. Requires `current_password`, and ends all other sessions.
    #[serde(default, deserialize_with = "given")]
    #[schema(required = false, nullable = false, min_length = 8, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", format = Password, examples("correct horse battery"))]
    password: Option<String>,
    /// Current password of the account. Required with `password`, and rejected without it.
    #[serde(default, deserialize_with = "given")]
    #[schema(required = false, nullable = false, format = Password, examples("correct horse battery"))]
    current_password: Option<String>,
}

impl ProfileEditRequest {
    pub(super) fn into_edit(self, expected: Option<Revision>) -> Result<ProfileEdit, Problem> {
        let mut check = Check::shape(&self);
        let display_name = check.parse("display_name", self.display_name.as_deref(), DisplayName::parse);
        let bio = check.parse("bio", self.bio.as_deref(), Bio::parse);
        let new = check.parse("password", self.password.as_deref(), ChosenPassword::parse);
        match (&self.password, &self.current_password) {
            (Some(_), None) => check.missing("current_password"),
            // A client that sends it expects a check, and there is nothing to check.
            (None, Some(_)) => check.missing("password"),
            _ => {}
        }
        if !check.passed() {
            return Err(check.into_problem());
        }
        let current = self.current_password.and_then(|raw| Password::parse(&raw).ok());
        let password = new.map(|new| NewPassword { current, new });
        Ok(ProfileEdit { display_name, bio, password, expected })
    }
}

impl Request for ProfileEditRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_edit(None))
    }
}

/// Confirmation of an erasure.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Erasure, examples(json!({"password": "correct horse battery"})))]
pub(crate) struct ErasureRequest {
    /// Current password of the account.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(required, nullable = false, format = Password, examples("correct horse battery"))]
    password: Option<String>,
}

impl ErasureRequest {
    /// The password that was sent; `None` for text that cannot be a password.
    pub(super) fn into_password(self) -> Result<Option<Password>, Problem> {
        let check = Check::shape(&self);
        let password = self.password.ok_or_else(|| check.into_problem())?;
        Ok(Password::parse(&password).ok())
    }
}

impl Request for ErasureRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_password())
    }
}

/// A user account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    /// Id of the account: 24 characters of `a-z` and `0-9`, the first a letter. It never changes.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("tz4a98xxat96iws9zmbrgj3a"))]
    id: UserId,
    /// Unique name of the account, in lower case.
    #[serde(serialize_with = "text::username")]
    #[schema(value_type = String, examples("ada"))]
    username: Username,
    /// Name shown to readers: one line of 1 to 50 characters.
    #[serde(serialize_with = "text::display_name")]
    #[schema(value_type = String, examples("Ada Lovelace"))]
    display_name: DisplayName,
    /// Text of the profile: up to 300 characters, possibly empty.
    #[serde(serialize_with = "text::bio")]
    #[schema(value_type = String, examples("Notes on the engine."))]
    bio: Bio,
    /// Time of the sign-up.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Number of posts of this account.
    #[schema(examples(12))]
    post_count: u64,
    /// Number of accounts that follow this account.
    #[schema(examples(340))]
    follower_count: u64,
    /// Number of accounts that this account follows.
    #[schema(examples(56))]
    following_count: u64,
    /// Relationship to the signed-in reader. Absent in responses to anonymous readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    viewer: Option<UserViewerBody>,
}

/// Relationship of a user to the signed-in reader.
#[derive(Serialize, ToSchema)]
#[schema(as = UserViewer)]
pub(crate) struct UserViewerBody {
    /// True if the reader follows the user.
    following: bool,
    /// True if the user follows the reader.
    followed_by: bool,
}

impl From<UserViewer> for UserViewerBody {
    fn from(viewer: UserViewer) -> Self {
        Self { following: viewer.following, followed_by: viewer.followed_by }
    }
}

impl Representation for UserBody {
    type Subject = User;
    type Viewer = UserViewer;
    type ViewerBody = UserViewerBody;

    fn of(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            bio: user.bio.clone(),
            created_at: user.created_at,
            post_count: user.post_count,
            follower_count: user.follower_count,
            following_count: user.following_count,
            viewer: None,
        }
    }
}

impl From<UserView> for UserBody {
    fn from(view: UserView) -> Self {
        Self { viewer: view.viewer.map(Into::into), ..Self::of(&view.subject) }
    }
}

impl UserBody {
    /// The account as its owner sees it. Users cannot follow themselves, so both flags are false.
    pub(super) fn of_oneself(user: &User) -> Self {
        Self { viewer: Some(UserViewer { following: false, followed_by: false }.into()), ..Self::of(user) }
    }
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    /// Access token. Send it as `Authorization: Bearer …`.
    #[schema(examples("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ejRhIn0.c2lnbmF0dXJl"))]
    access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// Lifetime of the access token in seconds.
    #[schema(examples(900))]
    expires_in: u64,
    /// Refresh token. It can be exchanged once for the next pair of tokens.
    #[schema(examples("q6XlF0p3m1yKc2vS8d5wTzR7uJ4nB9hA1eG0iL2oYxM"))]
    refresh_token: String,
    /// The signed-in account.
    user: UserBody,
}

impl From<SignedIn> for SessionBody {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: "Bearer",
            expires_in: signed_in.expires_in.as_secs(),
            refresh_token: signed_in.refresh_token,
            user: UserBody::of_oneself(&signed_in.user),
        }
    }
}
