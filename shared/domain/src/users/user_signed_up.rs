//! `user.signed_up`, version 2.

use postroom::{DecodeError, Event, Message, StreamId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::contacts::Email;
use crate::id::UserId;
use crate::users::{Plan, User};

/// A user is there. The first event of the user's stream.
///
/// ```json
/// {"user_id":"5be0…","email":"ann@example.com","name":"Ann Smith","plan":"pro","invited_by":"9c14…"}
/// ```
/// `invited_by` may be absent. Version 1 has no `plan`: all plans were `free`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSignedUp {
    /// Which user.
    pub user_id: UserId,
    /// The address then.
    pub email: Email,
    /// The name then.
    pub name: String,
    /// What the user signed up for.
    pub plan: Plan,
    /// Who invited the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<UserId>,
}

impl Message for UserSignedUp {
    const TYPE: &'static str = "user.signed_up";
    const VERSION: u32 = 2;

    fn upcast(from: u32, mut data: Value) -> Result<Value, DecodeError> {
        match from {
            1 => {
                // What is no object is left as it is: reading it as the event says where it is malformed.
                if let Some(fields) = data.as_object_mut() {
                    fields.insert("plan".to_owned(), json!(Plan::free()));
                }
                Ok(data)
            }
            _ => Err(DecodeError::NoUpcast { r#type: Self::TYPE, from }),
        }
    }
}

impl Event for UserSignedUp {
    fn stream(&self) -> StreamId {
        User::stream(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use postroom::RawEnvelope;

    use super::*;
    use crate::shipped;

    const V1: &str = include_str!("../../../../events/versions/user.signed_up.v1.json");
    const V2: &str = include_str!("../../../../events/versions/user.signed_up.v2.json");

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<UserSignedUp>(include_str!(
            "../../../../events/versions/user.signed_up.v1.json"
        ));
        shipped::reads::<UserSignedUp>(include_str!(
            "../../../../events/versions/user.signed_up.v2.json"
        ));
    }

    #[test]
    fn whoever_signed_up_before_there_were_plans_is_on_the_free_one() {
        let read = |fixture: &str| {
            RawEnvelope::parse(fixture).unwrap().decode::<UserSignedUp>().unwrap().data
        };

        let (first, second) = (read(V1), read(V2));

        assert_eq!(first.plan, Plan::free());
        assert_eq!(second.plan, Plan::try_from("pro".to_owned()).unwrap());
        // In all else the versions are one.
        assert_eq!(UserSignedUp { plan: second.plan.clone(), ..first }, second);
    }

    #[test]
    fn a_consumer_written_for_version_1_ignores_what_version_2_adds() {
        /// As version 1 was, in a program of somebody else.
        #[derive(Debug, PartialEq, Deserialize)]
        struct First {
            user_id: UserId,
            email: Email,
            name: String,
            invited_by: Option<UserId>,
        }

        let read = |fixture: &str| {
            serde_json::from_value::<First>(RawEnvelope::parse(fixture).unwrap().data).unwrap()
        };

        assert_eq!(read(V2), read(V1));
    }

    #[test]
    fn what_was_no_object_is_malformed_and_no_panic() {
        let list = V1.replacen("\"data\": {", "\"data\": [], \"ignored\": {", 1);

        let error = RawEnvelope::parse(&list).unwrap().decode::<UserSignedUp>().unwrap_err();

        assert!(matches!(error, DecodeError::Data { .. }), "{error}");
    }
}
