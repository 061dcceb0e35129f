//! Addresses of mail.

use std::fmt;

use serde::Serialize;

use super::SesError;

/// `somebody@example.com`, without a display name, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Address(String);

impl Address {
    /// Reads `somebody@example.com` or `Some Body <somebody@example.com>`.
    // What SES says to others is from memory of its answers, 2026-11-22.
    pub(super) fn read(text: &str) -> Result<Self, SesError> {
        let bare = match text.split_once('<') {
            Some((_, rest)) => rest.strip_suffix('>'),
            None => Some(text),
        };
        let is_one = |bare: &&str| {
            let Some((local, domain)) = bare.rsplit_once('@') else { return false };
            let of_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            !local.is_empty()
                && local
                    .chars()
                    .all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '<' | '>' | ','))
                && domain.split('.').all(|label| !label.is_empty())
                && domain.chars().all(of_domain)
        };
        let bare = bare.filter(is_one);
        let bare = bare.ok_or_else(|| SesError::BadRequest {
            reason: format!("{text:?} is no address of mail"),
        })?;
        Ok(Self(bare.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_display_name_and_nothing_else_around_it() {
        let read =
            ["a@b.nz", "A B <a@b.nz>", "a.b+c@d-e.nz"].map(|text| Address::read(text).is_ok());
        let refused =
            ["", "a", "a@", "@b", "a@b..nz", "a b@c.nz", "a@b.nz, c@d.nz", "<a@b.nz> c", "ä@b.nz"]
                .map(|text| Address::read(text).is_err());

        assert_eq!(read, [true; 3]);
        assert_eq!(refused, [true; 9]);
    }
}
