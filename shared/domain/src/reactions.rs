//! THE table: what happens after what, and where.

use postroom::{ObjectCreated, Reactions, TaskFailed};

use crate::campaigns::jobs::SyncCampaign;
use crate::campaigns::{
    CampaignCompleted, CampaignCreated, CampaignPaused, CampaignPublished, CampaignResumed,
};
use crate::contact_imports::jobs::ImportContacts;
use crate::contact_imports::{
    ContactImportCancelled, ContactImportCompleted, ContactImportCreated, ContactImportFailed,
    ContactImportStarted, ImportChunk, ImportSpread,
};
use crate::contacts::ContactAdded;
use crate::ledger::{
    AccountClosed, AccountOpened, BudgetHeld, BudgetReleased, HoldBudget, MoneyDeposited,
    MoneyWithdrawn,
};
use crate::notifications::Notifications;
use crate::payments::SettlePayments;
use crate::plan_limit::PlanLimit;
use crate::reports::jobs::GenerateReports;
use crate::reports::{ReportCompleted, ReportFailed, ReportRequested, ReportStarted};
use crate::statistics::jobs::SyncStatistics;
use crate::statistics::{StatisticsDue, StatisticsSynced};
use crate::timeline::Timeline;
use crate::trials::jobs::RunTrials;
use crate::trials::{TrialEnding, TrialExpired, TrialTerms, TrialTimeout, Trials};
use crate::users::jobs::SendNotifications;
use crate::users::{InvitationAccepted, UserPlans, UserSignedUp, UserUpgraded};
use crate::webhooks::WebhookReceived;

/// What a deployment decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many campaigns a tenant may have live at one time.
    pub plan_live_campaigns: u32,
    /// How long trials last that begin from now on.
    pub trial_terms: TrialTerms,
}

impl Default for Settings {
    /// What holds where a deployment decides nothing; so in the workers, whose own events start no limited reaction.
    fn default() -> Self {
        Self { plan_live_campaigns: 20, trial_terms: TrialTerms::default() }
    }
}

/// Who makes what is read of what has happened: the function of this name, from the journal's stream.
pub const PROJECT_VIEWS: &str = "project-views";

/// What happens after what, and who makes read models of it.
pub fn reactions(settings: &Settings) -> Reactions {
    table(settings).with_projector(PROJECT_VIEWS)
}

postroom::reactions! {
    fn table(settings: &Settings);

    CampaignCreated {
        in_request Timeline,
    }
    CampaignPublished {
        in_request Timeline,
        in_request Notifications,
        in_request PlanLimit { live_campaigns: settings.plan_live_campaigns },
        in_request HoldBudget,
        queued_in_order SyncCampaign,
        queued SyncStatistics,
    }
    CampaignPaused {
        in_request Timeline,
        in_request Notifications,
        queued_in_order SyncCampaign,
    }
    CampaignResumed {
        in_request Timeline,
        in_request Notifications,
        queued_in_order SyncCampaign,
    }
    CampaignCompleted {
        in_request Timeline,
        in_request Notifications,
        in_request PlanLimit { live_campaigns: settings.plan_live_campaigns },
        in_request HoldBudget,
        queued_in_order SyncCampaign,
    }
    StatisticsDue {
        queued SyncStatistics,
    }
    StatisticsSynced {}
    AccountOpened {}
    MoneyDeposited {}
    MoneyWithdrawn {}
    BudgetHeld {}
    BudgetReleased {}
    AccountClosed {}
    WebhookReceived {
        queued SettlePayments,
    }
    ContactAdded {}
    ContactImportCreated {}
    ObjectCreated {
        queued ImportContacts,
    }
    ContactImportStarted {}
    ImportSpread {
        queued ImportContacts,
    }
    ImportChunk {
        queued ImportContacts,
    }
    ContactImportCompleted {}
    ContactImportFailed {}
    ContactImportCancelled {}
    ReportRequested {
        queued GenerateReports,
    }
    ReportStarted {
        queued GenerateReports,
    }
    ReportCompleted {}
    ReportFailed {}
    UserSignedUp {
        in_request Trials { terms: settings.trial_terms },
        published SendNotifications,
    }
    InvitationAccepted {
        queued SendNotifications,
    }
    UserUpgraded {
        in_request Trials { terms: settings.trial_terms },
    }
    TrialTimeout {
        queued RunTrials,
    }
    TrialEnding {
        queued SendNotifications,
    }
    TrialExpired {
        in_request UserPlans,
        queued SendNotifications,
    }
    TaskFailed {
        in_request Notifications,
    }
    // Whoever else keeps users, in another system, subscribes to the topic; a trial that is over changes the user's plan.
    "user.*" { published }
    "trial.expired" { published }
}
