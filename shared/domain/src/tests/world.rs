//! Test support: the business over memory adapters.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, MemoryTopic, SeededIds};
use postroom::port::{Inbox, Mailer, Objects, RunKey, Store};
use postroom::{
    Clock, Command, Courier, Disposition, ExecuteError, History, Ids, Message, Origin, Ports,
    Projector, RawEnvelope, Reader, Record, Runtime, Stored, Worker,
};
use serde_json::json;

use super::provider::ScriptedProvider;
use crate::campaigns::jobs::SyncCampaign;
use crate::campaigns::{
    CampaignCompleted, CampaignInput, CampaignPaused, CampaignPublished, CampaignResumed, Channel,
    CreateCampaign, PublishCampaign, TransitionError,
};
use crate::payments::SettlePayments;
use crate::reports::jobs::GenerateReports;
use crate::reports::{ReportRequested, ReportStarted};
use crate::statistics::jobs::SyncStatistics;
use crate::statistics::{ScheduleStatistics, StatisticsDue};
use crate::trials::jobs::RunTrials;
use crate::trials::{TrialEnding, TrialExpired, TrialTimeout};
use crate::users::jobs::SendNotifications;
use crate::users::{InvitationAccepted, UserSignedUp};
use crate::webhooks::WebhookReceived;
use crate::{AccountId, CampaignId, PROJECT_VIEWS, Settings, projections, reactions};

/// A tenant, its API and its worker; one campaign may be live unless a test says otherwise.
pub(super) struct World {
    pub(super) memory: MemoryStore,
    pub(super) queue: MemoryQueue,
    pub(super) provider: ScriptedProvider,
    clock: Arc<ManualClock>,
    ids: Arc<SeededIds>,
    ports: Ports,
    runtime: Runtime,
    sync_statistics: Worker,
    sync_campaign: Worker,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_plan(1)
    }

    /// In which so many campaigns may be live.
    pub(super) fn with_plan(plan_live_campaigns: u32) -> Self {
        let memory = MemoryStore::default();
        let reactions = reactions(&Settings { plan_live_campaigns, ..Settings::default() });
        let queue = MemoryQueue::new(reactions.queues());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let ids = Arc::new(SeededIds::new(1));
        let stored = Arc::new(memory.clone());
        let ports = Ports {
            store: stored.clone(),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: Courier::new(stored.clone(), Arc::new(queue.clone()), clock.clone())
                .with_topic(Arc::new(MemoryTopic::of_table(queue.clone(), &reactions))),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let runtime = Runtime::new(ports.clone(), reactions);
        let provider = ScriptedProvider::default();
        let job = SyncStatistics::new(Arc::new(provider.clone()));
        let sync_statistics = Worker::new(SyncStatistics::NAME, runtime.clone(), stored.clone())
            .job::<CampaignPublished, _>(job.clone())
            .job::<StatisticsDue, _>(job);
        let job = SyncCampaign::new(Arc::new(provider.clone()));
        let sync_campaign = Worker::new(SyncCampaign::NAME, runtime.clone(), stored)
            .job::<CampaignPublished, _>(job.clone())
            .job::<CampaignPaused, _>(job.clone())
            .job::<CampaignResumed, _>(job.clone())
            .job::<CampaignCompleted, _>(job);
        Self { memory, queue, provider, clock, ids, ports, runtime, sync_statistics, sync_campaign }
    }

    pub(super) async fn execute<C: Command>(
        &self,
        command: &C,
    ) -> Result<C::Output, ExecuteError<C::Error>> {
        let origin = Origin {
            command_id: self.ids.fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: Some("ann".parse().unwrap()),
            correlation_id: "req-1".parse().unwrap(),
            traceparent: None,
            idempotency: None,
        };
        Ok(self.runtime.execute(command, &origin).await?.output)
    }

    /// Lets time pass.
    pub(super) fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(super) async fn create(&self) -> CampaignId {
        self.create_on(Channel::Facebook).await
    }

    pub(super) async fn create_on(&self, channel: Channel) -> CampaignId {
        self.create_as(channel, None).await
    }

    /// Creates a campaign whose budget comes from an account.
    pub(super) async fn create_from(&self, account_id: AccountId) -> CampaignId {
        self.create_as(Channel::Facebook, Some(account_id)).await
    }

    async fn create_as(&self, channel: Channel, account_id: Option<AccountId>) -> CampaignId {
        // Ids sort by time, and no two campaigns of a test are of one.
        self.clock.advance(Duration::from_millis(1));
        let input: CampaignInput = serde_json::from_value(json!({
            "name": "Summer sale",
            "channel": channel,
            "budget": { "amount_minor": 150_000, "currency": "NZD" },
            "account_id": account_id,
        }))
        .unwrap();
        let command = CreateCampaign::try_from(input).unwrap();
        self.execute(&command).await.unwrap().campaign.id
    }

    pub(super) async fn publish(
        &self,
        campaign_id: CampaignId,
    ) -> Result<(), ExecuteError<TransitionError>> {
        self.execute(&PublishCampaign { campaign_id }).await.map(drop)
    }

    /// Delivers a message to the worker `sync-statistics`.
    pub(super) async fn deliver(&self, body: &str) -> Disposition {
        self.deliver_to(&self.sync_statistics, body).await
    }

    /// Delivers a message to the worker `sync-campaign`.
    pub(super) async fn deliver_step(&self, body: &str) -> Disposition {
        self.deliver_to(&self.sync_campaign, body).await
    }

    pub(super) async fn deliver_to(&self, worker: &Worker, body: &str) -> Disposition {
        self.clock.advance(Duration::from_secs(1));
        worker.process(&[record(body)], None).await[0]
    }

    /// Delivers messages to the two workers, `sync-statistics` first, in invocations that end so soon.
    pub(super) async fn deliver_within(&self, left: Duration, bodies: [&str; 2]) {
        let workers = [&self.sync_statistics, &self.sync_campaign];
        for (worker, body) in std::iter::zip(workers, bodies) {
            worker.process(&[record(body)], Some(self.clock.now() + left)).await;
        }
    }

    /// A worker of reports, which puts their files here.
    pub(super) fn reporter(&self, objects: Arc<dyn Objects>) -> Worker {
        let work = GenerateReports::new(objects, self.clock.clone());
        let letters = Arc::new(self.memory.clone());
        Worker::new(GenerateReports::NAME, self.runtime.clone(), letters)
            .listener::<ReportRequested, _>(work.clone())
            .job::<ReportStarted, _>(work)
    }

    /// A worker that sends mail by this mailer.
    pub(super) fn notifier(&self, mailer: Arc<dyn Mailer>) -> Worker {
        let job = SendNotifications::new(mailer, None);
        let letters = Arc::new(self.memory.clone());
        Worker::new(SendNotifications::NAME, self.runtime.clone(), letters)
            .job::<UserSignedUp, _>(job.clone())
            .job::<InvitationAccepted, _>(job.clone())
            .job::<TrialEnding, _>(job.clone())
            .job::<TrialExpired, _>(job)
    }

    /// A worker that settles payments.
    pub(super) fn settler(&self) -> Worker {
        let letters = Arc::new(self.memory.clone());
        Worker::new(SettlePayments::NAME, self.runtime.clone(), letters)
            .listener::<WebhookReceived, _>(SettlePayments)
    }

    /// A worker that moves trials on.
    pub(super) fn trial_runner(&self) -> Worker {
        let letters = Arc::new(self.memory.clone());
        Worker::new(RunTrials::NAME, self.runtime.clone(), letters)
            .job::<TrialTimeout, _>(RunTrials)
    }

    /// Lets the relay send what is due; answers how many messages it sent.
    pub(super) async fn relay(&self) -> usize {
        let now = self.clock.now();
        let relayed = self.ports.courier.relay(now, now + Duration::from_hours(1)).await;
        relayed.unwrap().sent
    }

    /// Why this handler chose to do nothing on a message, if it did.
    pub(super) async fn skipped(&self, handler: &str, body: &str) -> Option<String> {
        let key = RunKey::of_handler(handler, RawEnvelope::parse(body).unwrap().id);
        let run = self.memory.find(&key, self.clock.now()).await.unwrap();
        run.and_then(|run| run.skipped)
    }

    /// Fires the schedule of statistics for a slot.
    pub(super) async fn fire(&self, slot: &str) -> usize {
        let deadline = self.clock.now() + Duration::from_mins(1);
        let visited =
            self.runtime.run_schedule(&ScheduleStatistics, slot.parse().unwrap(), deadline);
        visited.await.unwrap().tasks
    }

    /// What `sync-statistics` was ordered by the schedule, in the order of sending.
    pub(super) fn due(&self) -> Vec<String> {
        let sent = self.queue.sent(SyncStatistics::NAME).into_iter();
        sent.map(|sent| sent.body).filter(|body| body.contains(StatisticsDue::TYPE)).collect()
    }

    /// The messages that the steps of campaigns left for `sync-campaign`, in their order.
    pub(super) fn steps(&self) -> Vec<String> {
        self.queue.sent(SyncCampaign::NAME).into_iter().map(|sent| sent.body).collect()
    }

    /// The message that publishing left for `sync-statistics`.
    pub(super) fn message(&self) -> String {
        self.queue.sent(SyncStatistics::NAME)[0].body.clone()
    }

    pub(super) fn reader(&self) -> Reader {
        self.reader_of("demo")
    }

    pub(super) fn reader_of(&self, tenant: &str) -> Reader {
        self.runtime.reader(&tenant.parse().unwrap())
    }

    pub(super) fn history(&self) -> History {
        self.runtime.history(&"demo".parse().unwrap())
    }

    /// How many `T` are stored, in any partition.
    pub(super) fn count<T: Stored>(&self) -> usize {
        let items = self.memory.items();
        let of_type = |partition: &str| partition.split('#').nth(1) == Some(T::COLLECTION);
        items.iter().filter(|item| of_type(item.key.partition.as_str())).count()
    }

    /// Tells the projector of every event, and what has to come again.
    pub(super) async fn project(&self) -> Option<usize> {
        self.projector(self.ports.store.clone()).process(&self.memory.told(), None).await
    }

    /// A projector that commits to this store.
    pub(super) fn projector(&self, store: Arc<dyn Store>) -> Projector {
        let reactions = reactions(&Settings::default());
        let runtime = Runtime::new(Ports { store, ..self.ports.clone() }, reactions);
        let projector = Projector::new(PROJECT_VIEWS, runtime, Arc::new(self.memory.clone()));
        projector.projections(projections())
    }

    /// The wire names of all events.
    pub(super) fn events(&self) -> Vec<String> {
        let records = self.memory.journal_records();
        records.into_iter().map(|record| record.envelope.r#type).collect()
    }
}

fn record(body: &str) -> Record {
    Record {
        message_id: "m1".to_owned(),
        body: body.to_owned(),
        group: None,
        receives: 1,
        refused: None,
    }
}
