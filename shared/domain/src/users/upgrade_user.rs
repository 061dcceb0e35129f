//! Taking another plan: `POST /users/{id}/upgrade`.

use postroom::{Classify, Command, Refusal, RefusalKind, Refuse, Tx, TxError, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::UserId;
use crate::users::{Plan, User, UserUpgraded};

/// What a caller sends: `{plan}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{ "plan": "pro" }]))]
pub struct UpgradeInput {
    /// Neither `free` nor `trial`, nor the plan that the user is on.
    pub plan: Plan,
}

/// Puts a user on another plan, which is paid for. What was on trial is no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeUser {
    /// Who upgrades.
    pub user_id: UserId,
    /// To which plan.
    pub plan: Plan,
}

/// Why a user stays on the plan.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeUserError {
    /// Nobody upgrades to `free`, and a trial begins with a sign-up.
    #[error("the plan {plan} is not one that users upgrade to")]
    NotAnUpgrade { plan: Plan },
    /// The tenant has no such user.
    #[error("there is no user {user_id}")]
    NotFound { user_id: UserId },
    /// There is nothing to change.
    #[error("user {user_id} is on the plan {plan} already")]
    AlreadyOnPlan { user_id: UserId, plan: Plan },
    /// The user could not be read or staged; retryable as the store says.
    #[error("cannot upgrade user {user_id}")]
    Tx {
        user_id: UserId,
        #[source]
        source: TxError,
    },
}

impl Classify for UpgradeUserError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotAnUpgrade { .. } | Self::NotFound { .. } | Self::AlreadyOnPlan { .. } => {
                Verdict::Permanent
            }
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for UpgradeUserError {
    fn refusal(&self) -> Option<Refusal> {
        let (code, kind) = match self {
            Self::NotAnUpgrade { .. } => ("not-an-upgrade", RefusalKind::Invalid),
            Self::NotFound { .. } => ("user-not-found", RefusalKind::NotFound),
            Self::AlreadyOnPlan { .. } => ("already-on-plan", RefusalKind::Conflict),
            Self::Tx { source, .. } => return source.refusal(),
        };
        Some(Refusal { code, kind })
    }
}

impl Command for UpgradeUser {
    const NAME: &'static str = "upgrade-user";
    type Output = User;
    type Error = UpgradeUserError;

    async fn handle(&self, tx: &mut Tx) -> Result<User, UpgradeUserError> {
        let Self { user_id, plan } = self.clone();
        let failed = |source| UpgradeUserError::Tx { user_id, source };
        if !plan.is_upgrade() {
            return Err(UpgradeUserError::NotAnUpgrade { plan });
        }
        let Some(user) = tx.load(&User::at(user_id)).await.map_err(failed)? else {
            return Err(UpgradeUserError::NotFound { user_id });
        };
        if user.plan == plan {
            return Err(UpgradeUserError::AlreadyOnPlan { user_id, plan });
        }
        let from = user.plan.clone();
        let user = User { plan: plan.clone(), ..user };
        tx.save(&user).map_err(failed)?;
        tx.emit(UserUpgraded { user_id, from, plan }).map_err(failed)?;
        Ok(user)
    }
}
