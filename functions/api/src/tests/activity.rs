//! `/activity`: which of what happened, and by which pages.

use axum::http::StatusCode;
use serde_json::Value;

use super::world::{Reply, World};

/// A campaign that was created and published.
async fn published(world: &World) -> String {
    let id = world.create().await;
    world.post(&format!("/campaigns/{id}/publish")).await;
    world.project().await;
    id
}

fn types(reply: &Reply) -> Vec<&Value> {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.body["items"].as_array().unwrap().iter().map(|item| &item["event_type"]).collect()
}

#[tokio::test]
async fn what_happened_is_found_by_type_by_family_by_subject_and_by_time() {
    let world = World::new();
    let id = published(&world).await;
    let count = async |query: &str| types(&world.get(&format!("/activity{query}")).await).len();

    assert_eq!(count("").await, 2);
    assert_eq!(count("?type=campaign.published").await, 1);
    assert_eq!(count("?type=campaign.*").await, 2);
    assert_eq!(count("?type=account.*").await, 0);
    assert_eq!(count(&format!("?subject=campaigns/{id}&type=campaign.created")).await, 1);
    assert_eq!(count("?subject=campaigns/another").await, 0);
    assert_eq!(count("?from=2026-11-21T09:30:00Z").await, 2);
    assert_eq!(count("?from=2026-11-21T22:31:00%2B13:00").await, 0);
}

#[tokio::test]
async fn a_malformed_filter_is_400_and_named() {
    let world = World::new();

    for (query, kind, named) in [
        ("type=campaign", "invalid-filter", "`type`"),
        ("type=", "invalid-filter", "`type`"),
        ("type=*", "invalid-filter", "`type`"),
        ("subject=campaigns", "invalid-filter", "`subject`"),
        ("from=yesterday", "invalid-filter", "`from`"),
        ("from=2026-11-21", "invalid-filter", "`from`"),
        ("limit=0", "invalid-limit", "`limit`"),
        ("cursor=abc", "unknown-cursor", "`cursor`"),
        ("typ=campaign.*", "malformed-query", "`typ`"),
        ("type=a.b&type=a.c", "malformed-query", "`type`"),
    ] {
        let reply = world.get(&format!("/activity?{query}")).await;

        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", reply.body);
        assert_eq!(reply.body["type"], format!("/problems/{kind}"), "{query}");
        assert!(reply.body["detail"].as_str().unwrap().contains(named), "{query}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_cursor_leads_on_in_what_the_same_filter_finds_and_nowhere_else() {
    let world = World::new();
    let id = published(&world).await;
    let filters =
        [String::new(), "&type=campaign.*".to_owned(), format!("&subject=campaigns/{id}")];

    for filter in &filters {
        let first = world.get(&format!("/activity?limit=1{filter}")).await;
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let at = |filter: &str| format!("/activity?limit=1&cursor={cursor}{filter}");
        let second = world.get(&at(filter)).await;

        assert_eq!((types(&first).len(), types(&second).len()), (1, 1), "{filter}");
        assert_ne!(first.body["items"], second.body["items"], "{filter}");
        for other in filters.iter().filter(|other| *other != filter) {
            let refused = world.get(&at(other)).await;
            assert_eq!(refused.body["type"], "/problems/unknown-cursor", "{filter}, {other}");
        }
    }
}
