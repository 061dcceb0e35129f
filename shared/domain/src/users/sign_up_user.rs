//! Signing up: `POST /users`.

use garde::Validate;
use postroom::{Classify, Command, Refusal, RefusalKind, Refuse, Tx, TxError, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::contacts::Email;
use crate::id::UserId;
use crate::input::{InvalidInput, LINE, MAX_LINE_CHARS, Violation, is_a_line};
use crate::users::{InvitationAccepted, Plan, User, UserSignedUp};

/// What a caller sends: `{email, name, plan?, invited_by?}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "email": "ann@example.com",
    "name": "Ann Smith",
    "plan": "pro",
}]))]
pub struct UserInput {
    /// An address, however it is written.
    #[schemars(with = "Email")]
    #[garde(custom(|email: &str, _context: &()| is_an(Email::try_from(email.to_owned()))))]
    email: String,
    /// What the person is called.
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|name: &str, _context: &()| is_a_line(name)))]
    name: String,
    /// Left out: `free`.
    #[schemars(with = "Option<Plan>")]
    #[garde(custom(|plan: &Option<String>, _context: &()| is_a_plan(plan.as_deref())))]
    plan: Option<String>,
    /// Who invited the person: a user. That one is sent word of it.
    invited_by: Option<UserId>,
}

/// Makes a user, unless there is one of that address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUpUser {
    email: Email,
    name: String,
    plan: Plan,
    invited_by: Option<UserId>,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpUserError {
    /// The tenant has a user of this address.
    #[error("there is a user of this e-mail address already: {user_id}")]
    EmailTaken { user_id: UserId },
    /// The tenant has no user of the id in `invited_by`.
    #[error("there is no user {invited_by} who could have invited anybody")]
    InviterNotFound { invited_by: UserId },
    /// The user could not be read or staged; retryable as the store says.
    #[error("cannot sign up user {user_id}")]
    Tx {
        user_id: UserId,
        #[source]
        source: TxError,
    },
}

impl Classify for SignUpUserError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::EmailTaken { .. } | Self::InviterNotFound { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for SignUpUserError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::EmailTaken { .. } => {
                Some(Refusal { code: "email-taken", kind: RefusalKind::Conflict })
            }
            Self::InviterNotFound { .. } => {
                Some(Refusal { code: "inviter-not-found", kind: RefusalKind::NotFound })
            }
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl TryFrom<UserInput> for SignUpUser {
    type Error = InvalidInput;

    fn try_from(input: UserInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        let UserInput { email, name, plan, invited_by } = input;
        let violated = |path: &str, message: String| InvalidInput {
            violations: vec![Violation { path: path.to_owned(), message }],
        };
        let email =
            Email::try_from(email).map_err(|invalid| violated("/email", invalid.to_string()))?;
        let plan = match plan {
            Some(plan) => {
                Plan::try_from(plan).map_err(|invalid| violated("/plan", invalid.to_string()))?
            }
            None => Plan::free(),
        };
        Ok(Self { email, name: name.trim().to_owned(), plan, invited_by })
    }
}

impl Command for SignUpUser {
    const NAME: &'static str = "sign-up-user";
    type Output = User;
    type Error = SignUpUserError;

    /// That the address is still free at the commit, the user's own item decides: who comes second re-runs, and finds it.
    async fn handle(&self, tx: &mut Tx) -> Result<User, SignUpUserError> {
        let Self { email, name, plan, invited_by } = self.clone();
        let user_id = UserId::of(tx.tenant(), &email);
        let failed = |source| SignUpUserError::Tx { user_id, source };
        if tx.load(&User::at(user_id)).await.map_err(failed)?.is_some() {
            return Err(SignUpUserError::EmailTaken { user_id });
        }
        if let Some(invited_by) = invited_by
            // A user never goes away: what was seen holds at the commit, and needs no guard there.
            && tx.peek(&User::at(invited_by)).await.map_err(failed)?.is_none()
        {
            return Err(SignUpUserError::InviterNotFound { invited_by });
        }
        let user = User { id: user_id, email, name, plan, invited_by, created_at: tx.now() };
        user.stage(tx).map_err(failed)?;
        Ok(user)
    }
}

impl User {
    fn stage(&self, tx: &mut Tx) -> Result<(), TxError> {
        tx.save(self)?;
        let Self { id: user_id, email, name, plan, invited_by, .. } = self.clone();
        tx.emit(UserSignedUp { user_id, email, name: name.clone(), plan, invited_by })?;
        if let Some(invited_by) = invited_by {
            tx.emit(InvitationAccepted { user_id, name, invited_by })?;
        }
        Ok(())
    }
}

fn is_an<T, E: std::fmt::Display>(read: Result<T, E>) -> garde::Result {
    read.map(drop).map_err(garde::Error::new)
}

fn is_a_plan(plan: Option<&str>) -> garde::Result {
    plan.map_or(Ok(()), |plan| is_an(Plan::try_from(plan.to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(input: Value) -> Result<SignUpUser, Vec<String>> {
        let input: UserInput = serde_json::from_value(input).unwrap();
        SignUpUser::try_from(input).map_err(|invalid| {
            invalid.violations.into_iter().map(|violation| violation.path).collect()
        })
    }

    #[test]
    fn a_user_is_taken_without_the_space_around_the_fields_and_on_the_free_plan() {
        let user = read(json!({ "email": " Ann@Example.com ", "name": " Ann Smith " })).unwrap();

        let email = Email::try_from("ann@example.com".to_owned()).unwrap();
        let (name, plan) = ("Ann Smith".to_owned(), Plan::free());
        assert_eq!(user, SignUpUser { email, name, plan, invited_by: None });
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let wrong = json!({ "email": "ann", "name": "a\r\nBcc: bob@example.com", "plan": "P R O" });

        assert_eq!(read(wrong).unwrap_err(), ["/email", "/name", "/plan"]);
    }
}
