//! What a test needs to call any operation of the OpenAPI document: resources for its path, and users.
//!
//! A new kind of resource gets a field of [`Resources`] and a line in [`Resources::path`].

use testkit::app::{TestApp, TestRequest, TestUser, operations};
use testkit::operations::Operation;

/// An id that names no resource.
pub(crate) const UNKNOWN: &str = "tz4a98xxat96iws9zmbrgj3a";

/// The operations of the API for which `is_it` holds.
///
/// # Panics
/// If there are none: a test of no operation would pass.
pub(crate) fn calls(is_it: impl Fn(&Operation) -> bool) -> Vec<Operation> {
    let found: Vec<_> = operations().into_iter().filter(|operation| operation.is_api() && is_it(operation)).collect();
    assert!(!found.is_empty(), "no operation is like that");
    found
}

/// A resource of each kind that a path can name, by id or as `@name`.
pub(crate) struct Resources {
    pub(crate) user: String,
    pub(crate) post: String,
    pub(crate) comment: String,
    pub(crate) session: String,
}

impl Resources {
    /// Resources that do not exist.
    pub(crate) fn unknown() -> Self {
        let [user, post, comment, session] = [UNKNOWN; 4].map(ToOwned::to_owned);
        Self { user, post, comment, session }
    }

    /// The path of an operation on these resources.
    ///
    /// # Panics
    /// If the path has a parameter of another kind.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let kinds = [
            ("/v1/users/{user}", &self.user),
            ("/v1/posts/{id}", &self.post),
            ("/v1/comments/{id}", &self.comment),
            ("/v1/sessions/{id}", &self.session),
        ];
        let mut path = operation.path.clone();
        for (pattern, id) in kinds {
            let prefix = &pattern[..=pattern.rfind('/').unwrap_or_default()];
            path = path.replace(pattern, &format!("{prefix}{id}"));
        }
        assert!(
            !path.contains('{'),
            "{operation} names an unknown kind of resource: add it to `Resources` in {}",
            file!()
        );
        path
    }
}

/// A post with another user's comment, and a stranger. Each user is in the session that signed up.
pub(crate) struct Scene {
    pub(crate) author: TestUser,
    /// Owns the comment, the session and the account among the resources.
    pub(crate) commenter: TestUser,
    pub(crate) stranger: TestUser,
    pub(crate) resources: Resources,
}

impl Scene {
    /// A new scene in an empty database.
    pub(crate) async fn new(app: &TestApp) -> Self {
        Self::numbered(app, 1).await
    }

    /// A new scene with unique user names, derived from `number`.
    pub(crate) async fn numbered(app: &TestApp, number: usize) -> Self {
        let names = ["author", "commenter", "stranger"].map(|role| format!("{role}_{number}"));
        let [author, commenter, stranger] = app.sign_up_all([&names[0], &names[1], &names[2]]).await;
        let post = author.publish("a post").await;
        let comment = commenter.comment(&post, "a comment").await;
        let sessions = commenter.get("/v1/sessions").expect(200).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        let resources = Resources { user: commenter.id.clone(), post, comment, session };
        Self { author, commenter, stranger, resources }
    }

    /// Gives every list of the resources an item, and every timeline of the three users.
    pub(crate) async fn fill_lists(&self) {
        let Resources { post, comment, .. } = &self.resources;
        self.stranger.like(post).await;
        self.stranger.reply(post, comment, "a reply").await;
        self.commenter.bookmark(post).await;
        self.commenter.publish("another post").await;
        for user in [&self.author, &self.stranger] {
            user.follow(&self.commenter).await;
            self.commenter.follow(user).await;
        }
    }

    /// The path of an operation on the resources.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        self.resources.path(operation)
    }

    /// The owner of the resource that an operation names.
    pub(crate) fn owner(&self, operation: &Operation) -> &TestUser {
        if operation.path.starts_with("/v1/posts/{id}") { &self.author } else { &self.commenter }
    }

    /// A request of the owner, or without a token if the operation needs none.
    pub(crate) fn request(&self, app: &TestApp, operation: &Operation) -> TestRequest {
        let request = app.call(operation, &self.path(operation));
        if operation.needs_token() { request.as_user(self.owner(operation)) } else { request }
    }

    /// Readers of an operation: signed in, and without a token if it needs none.
    pub(crate) fn readers(&self, operation: &Operation) -> Vec<Option<&TestUser>> {
        let signed_in = Some(self.owner(operation));
        if operation.needs_token() { vec![signed_in] } else { vec![None, signed_in] }
    }
}

/// A request of `reader`, or without a token.
pub(crate) fn read(app: &TestApp, path: &str, reader: Option<&TestUser>) -> TestRequest {
    let request = app.get(path);
    match reader {
        Some(reader) => request.as_user(reader),
        None => request,
    }
}
