//! Every order in which upgrade and time-outs can come, each as often as it likes.

use jiff::Timestamp;
use uuid::Uuid;

use super::decide::{Decision, outstanding, time_out, upgrade};
use super::{Trial, TrialStatus, TrialStep, TrialTerms, TrialTimeout};

/// As long a history as is tried: of each thing that can come, longer than it takes to matter.
const LONGEST: u32 = 6;

/// What can come to a trial, as often and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Upgrade,
    Timeout(TrialStep),
    /// Of a trial that began at another time.
    TimeoutOfAnother(TrialStep),
}

const ALL: [Came; 5] = [
    Came::Upgrade,
    Came::Timeout(TrialStep::Reminder),
    Came::Timeout(TrialStep::Expiry),
    Came::TimeoutOfAnother(TrialStep::Reminder),
    Came::TimeoutOfAnother(TrialStep::Expiry),
];

fn begun(seconds: i64) -> Trial {
    let user_id = Uuid::from_u128(1).into();
    let now = Timestamp::from_second(seconds).unwrap();
    Trial::begin(user_id, now, &TrialTerms::default())
}

/// What a history came to.
#[derive(Debug, PartialEq, Eq)]
struct End {
    status: TrialStatus,
    reminders: u32,
    expiries: u32,
    upgrades: u32,
}

fn end(history: &[Came]) -> End {
    let (mut trial, another) = (begun(1), begun(2));
    let mut end = End { status: trial.status, reminders: 0, expiries: 0, upgrades: 0 };
    for came in history {
        let timeout = match came {
            Came::Upgrade => {
                if let Some((upgraded, void)) = upgrade(&trial) {
                    assert_eq!(void, outstanding(&trial), "{history:?}");
                    assert_eq!(outstanding(&upgraded), [], "{history:?}");
                    trial = upgraded;
                    end.upgrades += 1;
                }
                continue;
            }
            Came::Timeout(step) => trial.timeout(*step),
            Came::TimeoutOfAnother(step) => another.timeout(*step),
        };
        match time_out(Some(&trial), &timeout) {
            Decision::Remind(reminded) => {
                trial = reminded;
                end.reminders += 1;
            }
            Decision::Expire(expired) => {
                trial = expired;
                end.expiries += 1;
            }
            Decision::Nothing { reason } => assert!(!reason.is_empty()),
        }
    }
    end.status = trial.status;
    end
}

/// What a history has to come to, told of the history alone: the first that ends the trial ends it, and the reminder counts
/// if it comes before.
fn expected(history: &[Came]) -> End {
    let ends = |came: &Came| matches!(came, Came::Upgrade | Came::Timeout(TrialStep::Expiry));
    let place = history.iter().position(ends);
    let before = &history[..place.unwrap_or(history.len())];
    let reminded = before.contains(&Came::Timeout(TrialStep::Reminder));
    let ended = place.map(|place| history[place]);
    let status = match ended {
        Some(Came::Upgrade) => TrialStatus::Upgraded,
        Some(_) => TrialStatus::Expired,
        None if reminded => TrialStatus::Reminded,
        None => TrialStatus::Running,
    };
    End {
        status,
        reminders: u32::from(reminded),
        expiries: u32::from(status == TrialStatus::Expired),
        upgrades: u32::from(status == TrialStatus::Upgraded),
    }
}

/// All of them: 19,531.
#[test]
fn whatever_comes_in_whatever_order_the_first_that_ends_a_trial_ends_it() {
    for length in 0..=LONGEST {
        for mut number in 0..ALL.len().pow(length) {
            let mut history = Vec::new();
            for _ in 0..length {
                history.push(ALL[number % ALL.len()]);
                number /= ALL.len();
            }

            assert_eq!(end(&history), expected(&history), "{history:?}");
        }
    }
}

#[test]
fn what_is_outstanding_is_less_with_each_step() {
    let running = begun(1);
    let steps = |trial: &Trial| -> Vec<TrialStep> {
        outstanding(trial).iter().map(|timeout: &TrialTimeout| timeout.step).collect()
    };

    assert_eq!(steps(&running), TrialStep::ALL);
    assert_eq!(steps(&running.moved_to(TrialStatus::Reminded)), [TrialStep::Expiry]);
    assert_eq!(steps(&running.moved_to(TrialStatus::Upgraded)), []);
    assert_eq!(steps(&running.moved_to(TrialStatus::Expired)), []);
}

#[test]
fn a_time_out_of_nobody_comes_to_nothing() {
    let timeout = begun(1).timeout(TrialStep::Expiry);

    let decision = time_out(None, &timeout);

    assert_eq!(decision, Decision::Nothing { reason: "the user has no trial" });
}
