//! The domain of Thoughts: entities, value objects, and the contracts that all layers share.
//!
//! Nothing here is asynchronous, serialised, stored or sent: the layers around it do that.

#![warn(missing_docs)]

mod clock;
mod comment;
mod error;
mod id;
mod idempotency;
mod page;
mod password;
mod post;
mod rfc3339;
mod session;
mod shared;
mod text;
mod user;
mod user_agent;
mod username;
mod viewed;

pub use clock::{Clock, Timestamp};
pub use comment::{Comment, CommentBody, CommentId, CommentView, CommentViewer};
pub use error::{Failure, FindError, RepositoryError};
pub use id::{Cuid, Id, IdGenerator, ParseIdError};
pub use idempotency::{IdempotencyKey, ParseIdempotencyKeyError};
pub use page::{Cursor, Page, PageRequest, PageSize, ParsePageSizeError};
pub use password::{ChoosePasswordError, ChosenPassword, ParsePasswordError, Password};
pub use post::{Post, PostId, PostPage, PostView, PostViewer, Revision};
pub use rfc3339::Rfc3339;
pub use session::{Principal, Session, SessionId};
pub use shared::Shared;
pub use text::{Bio, Content, DisplayName, ParseTextError};
pub use user::{Author, ParseUserRefError, User, UserId, UserRef, UserView, UserViewer};
pub use user_agent::UserAgent;
pub use username::{ParseUsernameError, Username};
pub use viewed::{Viewed, ViewedPage};
