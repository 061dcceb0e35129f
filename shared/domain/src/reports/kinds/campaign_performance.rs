//! Campaigns, each with its latest statistics: the oldest first, or those that are named in the order of their ids.

use std::collections::BTreeSet;

use postroom::{List, ReadError, Reader};

use super::NotMade;
use crate::campaigns::Campaign;
use crate::id::CampaignId;
use crate::reports::ReportRequest;
use crate::reports::table::{Cell, Table};
use crate::statistics::{Statistics, StatisticsView};

/// What was not synced yet is absent.
pub(super) const COLUMNS: &[&str] = &[
    "campaign_id",
    "name",
    "channel",
    "status",
    "created_at",
    "published_at",
    "budget_minor",
    "budget_currency",
    "impressions",
    "clicks",
    "spend_minor",
    "spend_currency",
    "synced_at",
];

pub(super) async fn write(
    request: &ReportRequest,
    reader: &Reader,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    match &request.campaign_ids {
        Some(ids) => write_named(ids, request, reader, table).await,
        None => write_all(request, reader, table).await,
    }
}

async fn write_named(
    ids: &[CampaignId],
    request: &ReportRequest,
    reader: &Reader,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    let ids: BTreeSet<_> = ids.iter().copied().collect();
    for id in ids {
        let found = reader.get(&Campaign::at(id)).await?;
        let found = found.ok_or_else(|| NotMade::Wrong(format!("there is no campaign {id}")))?;
        if request.covers(found.value.created_at) {
            let statistics = reader.get(&Statistics::at(id)).await?;
            let figures = statistics.as_ref().map(|found| &found.value.view);
            table.row(row(found.value, figures)).await?;
        }
    }
    Ok(())
}

/// Both lists are in the order of campaigns' ids: side by side each is read once, and nothing is looked up.
async fn write_all(
    request: &ReportRequest,
    reader: &Reader,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    let mut statistics = AllStatistics::new(reader);
    let mut after = None;
    loop {
        let page = reader.list(List::<Campaign>::all().after(after)).await?;
        table.look_at(page.items.len())?;
        for campaign in page.items.into_iter().map(|found| found.value) {
            let figures = statistics.of(campaign.id).await?;
            if request.covers(campaign.created_at) {
                table.row(row(campaign, figures.as_ref())).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The statistics of all campaigns, in the order of their ids, a page at a time.
struct AllStatistics<'a> {
    reader: &'a Reader,
    page: std::vec::IntoIter<Statistics>,
    next: Option<Statistics>,
    after: Option<String>,
    is_over: bool,
}

impl<'a> AllStatistics<'a> {
    fn new(reader: &'a Reader) -> Self {
        let page = Vec::new().into_iter();
        Self { reader, page, next: None, after: None, is_over: false }
    }

    /// Those of a campaign behind the one asked for before, if there are any.
    async fn of(&mut self, id: CampaignId) -> Result<Option<StatisticsView>, ReadError> {
        loop {
            match self.next.take() {
                Some(next) if next.campaign_id == id => return Ok(Some(next.view)),
                Some(next) if next.campaign_id > id => {
                    self.next = Some(next);
                    return Ok(None);
                }
                // Of a campaign that was created after its page of campaigns was read.
                Some(_) | None => {}
            }
            self.next = self.page.next();
            if self.next.is_none() {
                if self.is_over {
                    return Ok(None);
                }
                self.turn().await?;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), ReadError> {
        let page = self.reader.list(List::<Statistics>::all().after(self.after.take())).await?;
        let items: Vec<_> = page.items.into_iter().map(|found| found.value).collect();
        self.page = items.into_iter();
        self.is_over = page.next.is_none();
        self.after = page.next;
        Ok(())
    }
}

fn row(campaign: Campaign, figures: Option<&StatisticsView>) -> Vec<Cell> {
    vec![
        Cell::Text(campaign.id.to_string()),
        Cell::Text(campaign.name),
        Cell::Text(campaign.channel.to_string()),
        Cell::Text(campaign.status.to_string()),
        Cell::At(campaign.created_at),
        Cell::or_absent(campaign.published_at, Cell::At),
        Cell::Minor(campaign.budget.amount_minor),
        Cell::Text(campaign.budget.currency.to_string()),
        Cell::or_absent(figures, |figures| Cell::Count(figures.impressions)),
        Cell::or_absent(figures, |figures| Cell::Count(figures.clicks)),
        Cell::or_absent(figures, |figures| Cell::Minor(figures.spend.amount_minor)),
        Cell::or_absent(figures, |figures| Cell::Text(figures.spend.currency.to_string())),
        Cell::or_absent(figures, |figures| Cell::At(figures.synced_at)),
    ]
}
