//! How long trials last, and when their users are reminded.

use std::str::FromStr;
use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;
/// The longest trial: beyond a year it is a plan.
const MAX_LENGTH: Duration = Duration::from_secs(366 * DAY);

/// How long a trial lasts, and how long before its end its user is reminded: `14d/3d`.
///
/// Each is a number and a unit, `s`, `m`, `h` or `d`. A trial lasts 366 days at most; the reminder is at least a second before
/// its end, and at least a second behind its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialTerms {
    length: Duration,
    before_end: Duration,
}

/// A text is no terms of a trial. Permanent: it takes another deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrialTerms {
    /// It is not two parts.
    #[error("has to be a length, a slash and how long before its end the reminder is, as 14d/3d")]
    Shape,
    /// A part is no length of time.
    #[error("the {part} `{text}` has to be a number above 0 with a unit, as 30s, 90m, 12h or 14d")]
    Part { part: &'static str, text: String },
    /// It would never end.
    #[error("the length has to be 366d at most")]
    TooLong,
    /// The reminder would come before there is anything to be reminded of.
    #[error("the reminder has to be less before the end than the trial is long")]
    ReminderTooEarly,
}

impl Default for TrialTerms {
    /// A fortnight, and three days before its end the reminder.
    fn default() -> Self {
        Self { length: Duration::from_secs(14 * DAY), before_end: Duration::from_secs(3 * DAY) }
    }
}

impl FromStr for TrialTerms {
    type Err = InvalidTrialTerms;

    fn from_str(text: &str) -> Result<Self, InvalidTrialTerms> {
        let (length, before_end) = text.split_once('/').ok_or(InvalidTrialTerms::Shape)?;
        let (length, before_end) = (time("length", length)?, time("reminder", before_end)?);
        if length > MAX_LENGTH {
            return Err(InvalidTrialTerms::TooLong);
        }
        if before_end >= length {
            return Err(InvalidTrialTerms::ReminderTooEarly);
        }
        Ok(Self { length, before_end })
    }
}

impl TrialTerms {
    /// From its beginning to its end.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// From its beginning to the reminder: less than its length.
    pub fn until_reminder(&self) -> Duration {
        self.length.saturating_sub(self.before_end)
    }
}

fn time(part: &'static str, text: &str) -> Result<Duration, InvalidTrialTerms> {
    let invalid = || InvalidTrialTerms::Part { part, text: text.to_owned() };
    let (at, unit) = text.char_indices().next_back().ok_or_else(invalid)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => DAY,
        _ => return Err(invalid()),
    };
    let number = &text[..at];
    // `parse` takes a sign as well.
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid());
    }
    let number: u32 = number.parse().map_err(|_| invalid())?;
    if number == 0 {
        return Err(invalid());
    }
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_two_lengths_of_time() {
        assert_eq!("14d/3d".parse(), Ok(TrialTerms::default()));
        for (text, length, reminder) in
            [("2s/1s", 2, 1), ("90m/1h", 5_400, 1_800), ("366d/365d", 366 * DAY, DAY)]
        {
            let terms: TrialTerms = text.parse().unwrap();

            let both = (terms.length().as_secs(), terms.until_reminder().as_secs());
            assert_eq!(both, (length, reminder), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_terms_is_named() {
        let part = |part, text: &str| InvalidTrialTerms::Part { part, text: text.to_owned() };
        for (text, error) in [
            ("", InvalidTrialTerms::Shape),
            ("14d", InvalidTrialTerms::Shape),
            ("/3d", part("length", "")),
            ("d/3d", part("length", "d")),
            ("0d/3d", part("length", "0d")),
            ("14/3d", part("length", "14")),
            ("+14d/3d", part("length", "+14d")),
            ("1.5d/1d", part("length", "1.5d")),
            ("4294967296s/1s", part("length", "4294967296s")),
            ("14d/3w", part("reminder", "3w")),
            ("14d/3d/1d", part("reminder", "3d/1d")),
            ("367d/3d", InvalidTrialTerms::TooLong),
            ("3d/3d", InvalidTrialTerms::ReminderTooEarly),
            ("3d/14d", InvalidTrialTerms::ReminderTooEarly),
        ] {
            assert_eq!(text.parse::<TrialTerms>(), Err(error), "{text}");
        }
    }
}
