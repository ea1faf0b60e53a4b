//! Accounts: sign-up, log-in and log-out, profiles, erasure.
//!
//! One use case a file; the ports are in [`ports`].

mod authenticate;
mod edit_profile;
mod end_session;
mod ended_sessions;
mod erase_account;
mod get_user;
mod guessing;
mod list_sessions;
mod list_users;
mod log_in;
mod log_out;
mod password_check;
pub mod ports;
mod purge_kept_names;
mod purge_sessions;
mod refresh_session;
mod refresh_token;
mod rotation;
mod security_event;
mod session;
mod session_view;
mod sign_up;
#[cfg(test)]
mod test_support;

use std::sync::Arc;

use domain::{Clock, IdGenerator};
pub use domain::{Principal, Session, SessionId};

pub use authenticate::{Authenticate, AuthenticateError};
pub use edit_profile::{EditProfile, EditProfileError, NewPassword, ProfileEdit};
pub use end_session::{EndSession, EndSessionError};
pub use ended_sessions::LearnEndedSessions;
pub use erase_account::{EraseAccount, EraseAccountError, NAME_KEPT_FOR};
pub use get_user::GetUser;
pub use guessing::{ClientNetwork, Guess, GuessBounds, Guesser, Site};
pub use list_sessions::ListSessions;
pub use list_users::ListUsers;
pub use log_in::{LogIn, LogInError};
pub use log_out::LogOut;
pub use purge_kept_names::PurgeKeptNames;
pub use purge_sessions::PurgeSessions;
pub use refresh_session::{RefreshSession, RefreshSessionError};
pub use rotation::{PresentedToken, Rotation, Successors, Verdict};
pub use security_event::SecurityEvent;
pub use session::{SessionLifetimes, SignedIn};
pub use session_view::SessionView;
pub use sign_up::{SignUp, SignUpCommand, SignUpError};

use password_check::PasswordCheck;
use ports::{
    AccessTokens, AccountRemover, EndedSessions, GuessLimiter, KeptNameRepository, NameHasher, PasswordHasher,
    RefreshTokens, SecurityLog, SessionRepository, UserRepository,
};
use session::SessionIssuer;

/// The ports that the use cases of this context need.
pub struct Dependencies {
    /// Stores accounts.
    pub users: Arc<dyn UserRepository>,
    /// Stores sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Knows which sessions have ended.
    pub ended_sessions: Arc<dyn EndedSessions>,
    /// Removes the rows of erased accounts.
    pub remover: Arc<dyn AccountRemover>,
    /// Purges reserved names of erased accounts.
    pub kept_names: Arc<dyn KeptNameRepository>,
    /// Hashes reserved names.
    pub name_hasher: Arc<dyn NameHasher>,
    /// Hashes and verifies passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Limits how often passwords are guessed.
    pub guesses: Arc<dyn GuessLimiter>,
    /// Records security events for operators.
    pub security_log: Arc<dyn SecurityLog>,
    /// Signs and verifies access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Generates and hashes refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// Provides the time.
    pub clock: Arc<dyn Clock>,
    /// Generates identifiers.
    pub ids: Arc<dyn IdGenerator>,
    /// The lifetimes of tokens and sessions.
    pub lifetimes: SessionLifetimes,
}

/// The use cases of this context.
pub struct Accounts {
    /// Creates an account.
    pub sign_up: SignUp,
    /// Opens a session with a user name and a password.
    pub log_in: LogIn,
    /// Exchanges a refresh token for new tokens.
    pub refresh_session: RefreshSession,
    /// Ends the acting session.
    pub log_out: LogOut,
    /// Lists the sessions of an account.
    pub list_sessions: ListSessions,
    /// Ends sessions of the acting user.
    pub end_session: EndSession,
    /// Learns which sessions have ended.
    pub learn_ended_sessions: Arc<LearnEndedSessions>,
    /// Identifies the principal of a request.
    pub authenticate: Authenticate,
    /// Reads one account.
    pub get_user: GetUser,
    /// Lists accounts, newest first.
    pub list_users: ListUsers,
    /// Edits the profile or the password of the acting user.
    pub edit_profile: EditProfile,
    /// Erases the acting user's account.
    pub erase_account: EraseAccount,
    /// Purges expired sessions.
    pub purge_sessions: PurgeSessions,
    /// Purges names that are free again.
    pub purge_kept_names: PurgeKeptNames,
}

impl Accounts {
    /// Creates the use cases.
    pub fn new(with: Dependencies) -> Self {
        let issuer = Arc::new(SessionIssuer {
            access_tokens: Arc::clone(&with.access_tokens),
            refresh_tokens: Arc::clone(&with.refresh_tokens),
            lifetimes: with.lifetimes,
        });
        let (users, sessions, hasher, clock) = (&with.users, &with.sessions, &with.hasher, &with.clock);
        let learn = Arc::new(LearnEndedSessions::new(
            Arc::clone(&with.ended_sessions),
            Arc::clone(clock),
            with.lifetimes.access,
        ));
        let log = &with.security_log;
        let passwords = Arc::new(PasswordCheck {
            users: Arc::clone(users),
            hasher: Arc::clone(hasher),
            guesses: with.guesses,
            log: Arc::clone(log),
        });
        Self {
            sign_up: SignUp::new(
                Arc::clone(users),
                Arc::clone(hasher),
                Arc::clone(&with.name_hasher),
                Arc::clone(clock),
                Arc::clone(&with.ids),
            ),
            log_in: LogIn::new(
                Arc::clone(&passwords),
                Arc::clone(sessions),
                Arc::clone(&issuer),
                Arc::clone(clock),
                Arc::clone(&with.ids),
            ),
            refresh_session: RefreshSession::new(
                Arc::clone(sessions),
                Arc::clone(&with.refresh_tokens),
                issuer,
                Arc::clone(&learn),
                Arc::clone(log),
                Arc::clone(clock),
            ),
            log_out: LogOut::new(Arc::clone(sessions), Arc::clone(&learn), Arc::clone(log)),
            list_sessions: ListSessions::new(Arc::clone(sessions)),
            end_session: EndSession::new(Arc::clone(sessions), Arc::clone(&learn), Arc::clone(log)),
            authenticate: Authenticate::new(with.access_tokens, with.ended_sessions, Arc::clone(clock)),
            get_user: GetUser::new(Arc::clone(users)),
            list_users: ListUsers::new(Arc::clone(users)),
            edit_profile: EditProfile::new(Arc::clone(&passwords), Arc::clone(&learn)),
            erase_account: EraseAccount::new(
                passwords,
                with.name_hasher,
                with.remover,
                Arc::clone(&learn),
                Arc::clone(clock),
            ),
            purge_kept_names: PurgeKeptNames::new(with.kept_names, Arc::clone(clock)),
            purge_sessions: PurgeSessions::new(with.sessions, with.clock, with.lifetimes.access),
            learn_ended_sessions: learn,
        }
    }
}
