//! The README says what the table of reactions says.

use domain::Settings;
use postroom::Reactions;

use crate::repository::read;

const FILE: &str = "README.md";
const BEGIN: &str = "<!-- Made of reactions.rs: begin -->\n";
const END: &str = "<!-- end -->";
/// Set, it has the README brought up to the table.
const WRITE: &str = "WRITE_README";

#[test]
fn the_readme_says_what_happens_after_what() {
    let text = read(FILE);
    let (before, rest) = text.split_once(BEGIN).expect("the table begins");
    let (found, after) = rest.split_once(END).expect("the table ends");

    let expected = table(&domain::reactions(&Settings::default()));

    if found != expected && std::env::var_os(WRITE).is_some() {
        let written = format!("{before}{BEGIN}{expected}{END}{after}");
        std::fs::write(tests::root().join(FILE), written).expect("the README can be written");
        return;
    }
    assert_eq!(found, expected, "run `{WRITE}=1 cargo test -p tests --test house readme`");
}

/// A row for each message that something follows, by their names, and those that nothing follows.
fn table(reactions: &Reactions) -> String {
    let head = ["", "| after | in the request, in this order | by a queue |", "|---|---|---|"];
    let mut lines = head.map(str::to_owned).to_vec();
    let mut last = Vec::new();
    for r#type in reactions.types() {
        let listeners = reactions.listeners(r#type).into_iter().map(|name| format!("`{name}`"));
        let listeners = listeners.collect::<Vec<_>>().join(", ");
        let routes = reactions.queued(r#type).iter().map(|name| route(reactions, r#type, name));
        let mut routes: Vec<_> = routes.collect();
        if routes.is_empty() && reactions.is_published(r#type) {
            routes.push("published, to whoever is subscribed".to_owned());
        }
        if listeners.is_empty() && routes.is_empty() {
            last.push(format!("`{type}`"));
        } else {
            lines.push(format!("| `{type}` | {listeners} | {} |", routes.join(", ")));
        }
    }
    format!("{}\n\nNothing follows {}.\n\n", lines.join("\n"), last.join(", "))
}

/// A queued handler, and what is special about its way.
fn route(reactions: &Reactions, r#type: &str, handler: &str) -> String {
    let is_published = reactions.published(r#type).contains(&handler);
    match (reactions.is_in_order(handler), is_published) {
        (true, _) => format!("`{handler}`, in order"),
        (false, true) => format!("`{handler}`, published"),
        (false, false) => format!("`{handler}`"),
    }
}
