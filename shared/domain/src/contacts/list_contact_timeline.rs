//! What happened to a contact, newest first: `GET /contacts/{id}/timeline`.

use postroom::port::Page;
use postroom::{History, RawEnvelope, Reader};

use crate::contacts::{Contact, ContactAdded, GetContactError};
use crate::id::ContactId;
use crate::page::PageRequest;
use crate::timeline::TimelineItem;

/// A page of what happened to a contact, the newest first. It is read from the contact's stream.
///
/// A position is the version of the last event that was shown, in 20 digits; versions have no gaps, so that a page is one
/// piece of the stream.
///
/// # Errors
/// See [`GetContactError`].
pub async fn list_contact_timeline(
    reader: &Reader,
    history: &History,
    contact_id: ContactId,
    request: PageRequest,
) -> Result<Page<TimelineItem>, GetContactError> {
    let failed = |source| GetContactError::Read { contact_id, source };
    let found = reader.get(&Contact::at(contact_id)).await.map_err(failed)?;
    let newest = found.ok_or(GetContactError::NotFound { contact_id })?.stream_version;
    let (after, count) = piece(newest, &request);
    let stream = Contact::stream(contact_id);
    let events = history.events(&stream, after, count).await.map_err(failed)?;
    let next = (after > 0).then(|| format!("{:020}", after + 1));
    Ok(Page { items: events.iter().rev().map(item).collect(), next })
}

/// Behind which version a page begins, and how many events it has.
fn piece(newest: u64, request: &PageRequest) -> (u64, usize) {
    let shown = request.after.as_ref().and_then(|shown| shown.parse::<u64>().ok());
    let last = shown.map_or(newest, |shown| newest.min(shown.saturating_sub(1)));
    let after = last.saturating_sub(request.limit as u64);
    (after, usize::try_from(last - after).unwrap_or(request.limit))
}

fn item(event: &RawEnvelope) -> TimelineItem {
    let text = match event.decode::<ContactAdded>() {
        Ok(added) => format!("{} was added", added.data.name),
        // A later program knows what to say of it.
        Err(_) => event.r#type.clone(),
    };
    TimelineItem {
        event_id: event.id,
        event_type: event.r#type.clone(),
        at: event.time,
        text,
        actor_id: event.actor_id.clone(),
        correlation_id: event.correlation_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(newest: u64, limit: usize) -> Vec<(u64, usize)> {
        let (mut pieces, mut after) = (Vec::new(), None);
        for _ in 0..20 {
            let (behind, count) = piece(newest, &PageRequest { limit, after });
            pieces.push((behind, count));
            if behind == 0 {
                return pieces;
            }
            after = Some(format!("{:020}", behind + 1));
        }
        panic!("the list does not end");
    }

    #[test]
    fn pieces_join_without_a_gap_down_to_the_first_event() {
        assert_eq!(pieces(5, 2), [(3, 2), (1, 2), (0, 1)]);
        assert_eq!(pieces(4, 2), [(2, 2), (0, 2)]);
        assert_eq!(pieces(1, 100), [(0, 1)]);
        assert_eq!(pieces(3, 1), [(2, 1), (1, 1), (0, 1)]);
    }

    #[test]
    fn a_position_that_is_not_there_yet_begins_with_the_newest() {
        let beyond = PageRequest { limit: 2, after: Some(format!("{:020}", u64::MAX)) };

        assert_eq!(piece(3, &beyond), (1, 2));
    }
}
