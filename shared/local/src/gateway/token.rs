//! Local tokens: JSON web tokens that this run signed, valid here and nowhere else.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value, json};

use crate::template::Stack;

/// How long a token is valid.
pub(super) const LIFETIME: Duration = Duration::from_hours(1);
const ISSUER: &str = "local";

/// Who a request acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub tenant: String,
    pub scopes: Vec<String>,
    pub subject: String,
}

/// What the claims are called, by the template's parameters.
#[derive(Debug, Clone)]
pub(super) struct ClaimNames {
    tenant: String,
    scope: String,
    subject: String,
}

impl ClaimNames {
    pub(super) fn of(stack: &Stack) -> Self {
        let name =
            |parameter, default: &str| stack.parameter(parameter).unwrap_or(default).to_owned();
        Self {
            tenant: name("TenantClaim", "tenant"),
            scope: name("ScopeClaim", "scope"),
            subject: name("SubjectClaim", "sub"),
        }
    }

    /// The claims of an identity: OAuth's `scope` is one text, any other claim of rights a list.
    fn claims(&self, identity: &Identity) -> Map<String, Value> {
        let scope = match self.scope.as_str() {
            "scope" => json!(identity.scopes.join(" ")),
            _ => json!(identity.scopes),
        };
        let mut claims = Map::new();
        claims.insert(self.tenant.clone(), json!(identity.tenant));
        claims.insert(self.scope.clone(), scope);
        claims.insert(self.subject.clone(), json!(identity.subject));
        claims
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token was not signed by this run")]
    Signature,
    #[error("the token has expired")]
    Expired,
}

/// The machine has no randomness to make a key of.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no random key for local tokens")]
pub struct NoRandomness;

/// Makes and checks tokens with a key that lives as long as this run.
#[derive(Debug)]
pub(super) struct Tokens {
    key: hmac::Key,
    names: ClaimNames,
}

impl Tokens {
    pub(super) fn new(names: ClaimNames) -> Result<Self, NoRandomness> {
        let mut secret = [0_u8; 32];
        SystemRandom::new().fill(&mut secret).map_err(|_| NoRandomness)?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), names })
    }

    pub(super) fn issue(&self, identity: &Identity, now: Timestamp) -> String {
        let mut claims = self.names.claims(identity);
        let lifetime_s = i64::try_from(LIFETIME.as_secs()).unwrap_or(i64::MAX);
        claims.insert("iss".to_owned(), json!(ISSUER));
        claims.insert("iat".to_owned(), json!(now.as_second()));
        claims.insert("exp".to_owned(), json!(now.as_second().saturating_add(lifetime_s)));
        let header = BASE64.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
        let claims = BASE64.encode(Value::Object(claims).to_string());
        let signed = format!("{header}.{claims}");
        let signature = BASE64.encode(hmac::sign(&self.key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of a valid token, as API Gateway passes them on.
    pub(super) fn check(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| TokenError::Malformed)?;
        // The comparison takes the same time wherever the difference is.
        hmac::verify(&self.key, signed.as_bytes(), &signature)
            .map_err(|_| TokenError::Signature)?;
        let (_, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let claims = BASE64.decode(claims).map_err(|_| TokenError::Malformed)?;
        let claims: Map<String, Value> =
            serde_json::from_slice(&claims).map_err(|_| TokenError::Malformed)?;
        let expiry_s = claims.get("exp").and_then(Value::as_i64).ok_or(TokenError::Malformed)?;
        if now.as_second() >= expiry_s {
            return Err(TokenError::Expired);
        }
        Ok(as_passed_on(&claims))
    }

    /// The claims of someone who sent no token.
    pub(super) fn claims_without_token(&self, identity: &Identity) -> Map<String, Value> {
        as_passed_on(&self.names.claims(identity))
    }
}

/// API Gateway makes every claim a text: `1764000000`, `true`, `[ops billing]`.
fn as_passed_on(claims: &Map<String, Value>) -> Map<String, Value> {
    claims.iter().map(|(name, value)| (name.clone(), Value::String(to_text(value)))).collect()
}

fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(to_text).collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(scope_claim: &str) -> Tokens {
        Tokens::new(ClaimNames {
            tenant: "custom:tenant".to_owned(),
            scope: scope_claim.to_owned(),
            subject: "sub".to_owned(),
        })
        .unwrap()
    }

    fn identity() -> Identity {
        Identity {
            tenant: "acme".to_owned(),
            scopes: vec!["ops".to_owned(), "billing".to_owned()],
            subject: "user-1".to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn every_claim_of_a_valid_token_is_passed_on_as_text() {
        let tokens = tokens("scope");

        let claims = tokens.check(&tokens.issue(&identity(), at(1_000)), at(1_001)).unwrap();

        assert_eq!(claims["custom:tenant"], "acme");
        assert_eq!(claims["scope"], "ops billing");
        assert_eq!(claims["sub"], "user-1");
        assert_eq!(claims["exp"], "4600");
    }

    #[test]
    fn groups_are_passed_on_in_brackets() {
        let claims = tokens("cognito:groups").claims_without_token(&identity());

        assert_eq!(claims["cognito:groups"], "[ops billing]");
    }

    #[test]
    fn a_token_is_valid_until_it_expires() {
        let tokens = tokens("scope");
        let token = tokens.issue(&identity(), at(0));

        assert!(tokens.check(&token, at(3_599)).is_ok());
        assert_eq!(tokens.check(&token, at(3_600)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_run_or_a_changed_one_is_refused() {
        let (tokens, other) = (tokens("scope"), tokens("scope"));
        let token = tokens.issue(&identity(), at(0));
        let changed = token.replacen("eyJ", "eyK", 2);

        assert_eq!(other.check(&token, at(1)), Err(TokenError::Signature));
        assert_eq!(tokens.check(&changed, at(1)), Err(TokenError::Signature));
        assert_eq!(tokens.check("nonsense", at(1)), Err(TokenError::Malformed));
    }
}
