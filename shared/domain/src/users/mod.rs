//! Users: who signed up with a tenant, each known by an e-mail address, perhaps invited by another.

mod plan;
mod user;
mod user_signed_up;
mod invitation_accepted;
mod sign_up_user;
mod get_user;

pub mod jobs;

pub use get_user::{GetUserError, get_user};
pub use invitation_accepted::InvitationAccepted;
pub use plan::{InvalidPlan, Plan};
pub use sign_up_user::{SignUpUser, SignUpUserError, UserInput};
pub use user::User;
pub use user_signed_up::UserSignedUp;
