//! Users: who signed up with a tenant, each known by an e-mail address, perhaps invited by another.

mod plan;
mod user;
mod user_signed_up;
mod invitation_accepted;
mod user_upgraded;
mod sign_up_user;
mod upgrade_user;
mod on_trial_expired;
mod get_user;

pub mod jobs;

pub use get_user::{GetUserError, get_user};
pub use invitation_accepted::InvitationAccepted;
pub use plan::{InvalidPlan, Plan};
pub use sign_up_user::{SignUpUser, SignUpUserError, UserInput};
pub use upgrade_user::{UpgradeInput, UpgradeUser, UpgradeUserError};
pub use user::User;
pub use user_signed_up::UserSignedUp;
pub use user_upgraded::UserUpgraded;

/// Keeps users on the plan that is theirs.
#[derive(Debug, Clone, Copy)]
pub struct UserPlans;
