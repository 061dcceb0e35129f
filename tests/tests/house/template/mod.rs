//! `infra/template.yaml` against the Rust code: what reacts, and what is logged.
//!
//! What it must be by itself is asked of the expanded template, in `tests/template/`: there the defaults are filled in,
//! and what SAM adds is there too.

mod keeping;
mod logs;
mod reactions;
mod subscriptions;

use serde_json::Value;

use crate::repository::read;

/// A resource of the template: its logical id and its body.
///
/// References are read as their text: `!Ref ApiLogGroup` is `ApiLogGroup`, `!GetAtt ApiRole.Arn` is `ApiRole.Arn`.
struct Resource {
    id: String,
    body: Value,
}

impl Resource {
    /// What stands at a JSON pointer below `Properties`, or null.
    fn property(&self, pointer: &str) -> &Value {
        self.body.pointer(&format!("/Properties{pointer}")).unwrap_or(&Value::Null)
    }

    /// The text there, or an empty one.
    fn text(&self, pointer: &str) -> &str {
        self.property(pointer).as_str().unwrap_or_default()
    }

    /// `ApiFunction` → `Api`: what the ids of everything that belongs to it begin with.
    fn stem(&self) -> &str {
        self.id.strip_suffix("Function").unwrap_or(&self.id)
    }

    /// `SyncStatisticsFunction` → `sync-statistics`: its folder, package, binary and name.
    fn folder(&self) -> String {
        let mut folder = String::new();
        for letter in self.stem().chars() {
            if letter.is_uppercase() && !folder.is_empty() {
                folder.push('-');
            }
            folder.extend(letter.to_lowercase());
        }
        folder
    }

    /// Its event sources of one type.
    fn events(&self, kind: &str) -> Vec<&Value> {
        let events = self.property("/Events").as_object();
        events
            .into_iter()
            .flat_map(|events| events.values())
            .filter(|event| event["Type"] == kind)
            .collect()
    }
}

/// Every resource of a type, in the order of the template.
fn resources(kind: &str) -> Vec<Resource> {
    let template = template();
    let resources = template["Resources"].as_object().expect("the template has resources");
    let of_kind = resources.iter().filter(|(_, body)| body["Type"] == kind);
    of_kind.map(|(id, body)| Resource { id: id.clone(), body: body.clone() }).collect()
}

fn functions() -> Vec<Resource> {
    resources("AWS::Serverless::Function")
}

/// The whole template.
fn template() -> Value {
    let text = read("infra/template.yaml");
    without_tags(serde_yaml_ng::from_str(&text).expect("the template is YAML"))
}

/// Drops the tags: what is referred to is all that these rules ask for.
fn without_tags(value: serde_yaml_ng::Value) -> Value {
    match value {
        serde_yaml_ng::Value::Tagged(tagged) => without_tags(tagged.value),
        serde_yaml_ng::Value::Sequence(items) => items.into_iter().map(without_tags).collect(),
        serde_yaml_ng::Value::Mapping(entries) => entries
            .into_iter()
            .map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), without_tags(value)))
            .collect(),
        scalar => serde_json::to_value(scalar).expect("a scalar is JSON"),
    }
}
