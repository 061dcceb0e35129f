//! The command line of `simulate`.

use std::mem::discriminant;
use std::thread;

use postroom::simulation::Sabotage;
use simulation::{BankMistake, Mistake};

pub(crate) const HELP: &str = "\
A shop or a bank on the kit, over memory, while everything that can go wrong does; each run is held against the laws.

    cargo run --release --bin simulate -- --seeds 1000000
    cargo run --release --bin simulate -- --seed 4711

Options:
    --seeds N         how many runs                                      [10000]
    --from N          the first seed                                     [0]
    --seed N          one run, with its history
    --business NAME   shop or bank                                       [shop]
    --threads N       how many at once                                   [one for each processor]
    --sabotage NAME   plant a mistake, which is to be caught: no-inbox, send-before-commit,
                      no-outbox, forget-reaction, forget-listener, key-not-used, record-in-second-write,
                      items-in-second-write, events-in-second-write, events-in-first-write,
                      decide-in-two-writes, audit-in-second-write, edit-in-two-writes,
                      no-version-condition, append-over,
                      snapshot-in-first-write, view-in-first-write, view-without-version,
                      swap-before-walked, sweep-what-is-read, forget-rows, unfenced-lease,
                      acknowledge-before-park, permanent-is-retried, collect-before-park,
                      drop-unread,
                      park-in-two-writes, number-before-commit, forget-answers,
                      fresh-id-when-relayed, overlook-refused, lease-without-end, everyone-probes,
                      count-untried, slots-in-two-calls, react-in-second-write, replay-again,
                      key-of-any-tenant;
                      in the shop itself key-per-attempt, repeat-unknown, count-without-guard;
                      in the bank itself transfer-in-two
    --help            this page

A run that breaks a law is made as short as it can be, and printed. Exit codes: 0 every law held, 1 one was broken,
2 wrong usage.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) what: What,
    pub(crate) threads: usize,
    pub(crate) of: Of,
    pub(crate) sabotage: Option<Sabotage>,
}

/// Which business, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Shop(Option<Mistake>),
    Bank(Option<BankMistake>),
}

impl Of {
    /// Whether both are the same business, whatever is wrong with them.
    fn is_as(self, other: Self) -> bool {
        discriminant(&self) == discriminant(&other)
    }
}

/// Which runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Seed(u64),
    Seeds { from: u64, count: u64 },
}

/// Why a command line is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("{argument} is not an option; see --help")]
    Unknown { argument: String },
    #[error("{option} needs a value; see --help")]
    NoValue { option: String },
    #[error("{option} takes {expected}, not `{value}`")]
    Invalid { option: String, expected: &'static str, value: String },
}

/// Reads the arguments, without the program's name; `None`: show the help.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = String>,
) -> Result<Option<Arguments>, UsageError> {
    let (mut from, mut count, mut seed) = (0, 10_000, None);
    let (mut business, mut mistake, mut sabotage) = (None, None, None);
    let mut threads = thread::available_parallelism().map_or(1, usize::from);
    let mut arguments = arguments.into_iter();
    while let Some(option) = arguments.next() {
        if option == "--help" {
            return Ok(None);
        }
        let known = ["--seeds", "--from", "--seed", "--business", "--threads", "--sabotage"];
        if !known.contains(&option.as_str()) {
            return Err(UsageError::Unknown { argument: option });
        }
        let Some(value) = arguments.next() else { return Err(UsageError::NoValue { option }) };
        match option.as_str() {
            "--seeds" => count = number(&option, &value)?,
            "--from" => from = number(&option, &value)?,
            "--seed" => seed = Some(number(&option, &value)?),
            "--threads" => threads = usize::try_from(number(&option, &value)?).unwrap_or(1).max(1),
            "--business" => {
                business = Some(match value.as_str() {
                    "shop" => Of::Shop(None),
                    "bank" => Of::Bank(None),
                    _ => {
                        let expected = "shop or bank";
                        return Err(UsageError::Invalid { option, expected, value });
                    }
                });
            }
            _ => mistake = Some(value),
        }
    }
    let mut of = business.unwrap_or(Of::Shop(None));
    if let Some(value) = mistake {
        let refused = |expected| {
            Err(UsageError::Invalid {
                option: "--sabotage".to_owned(),
                expected,
                value: value.clone(),
            })
        };
        match planted(&value) {
            Some(Planted::Between(mistake)) => sabotage = Some(mistake),
            Some(Planted::Inside(inside)) if business.is_some_and(|said| !said.is_as(inside)) => {
                return refused("a mistake of the business that is named");
            }
            Some(Planted::Inside(inside)) => of = inside,
            None => return refused("one of the names that --help lists"),
        }
    }
    let what = seed.map_or(What::Seeds { from, count }, What::Seed);
    Ok(Some(Arguments { what, threads, of, sabotage }))
}

/// A mistake between the kit and its ports, or in a business.
enum Planted {
    Between(Sabotage),
    Inside(Of),
}

fn planted(name: &str) -> Option<Planted> {
    let mut sabotages = Sabotage::ALL.iter().filter(|one| one.name() == name);
    let mut of_shop = Mistake::ALL.into_iter().filter(|one| one.name() == name);
    let mut of_bank = BankMistake::ALL.into_iter().filter(|one| one.name() == name);
    let between = sabotages.next().map(|one| Planted::Between(*one));
    let in_shop = of_shop.next().map(|one| Planted::Inside(Of::Shop(Some(one))));
    let in_bank = of_bank.next().map(|one| Planted::Inside(Of::Bank(Some(one))));
    between.or(in_shop).or(in_bank)
}

fn number(option: &str, value: &str) -> Result<u64, UsageError> {
    value.parse().map_err(|_| UsageError::Invalid {
        option: option.to_owned(),
        expected: "a number",
        value: value.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Arguments>, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_seed_or_many_seeds() {
        let one = parsed("--seed 7").unwrap().unwrap();
        let many = parsed("--seeds 5 --from 9 --threads 2").unwrap().unwrap();

        assert_eq!(one.what, What::Seed(7));
        assert_eq!((many.what, many.threads), (What::Seeds { from: 9, count: 5 }, 2));
    }

    #[test]
    fn the_help_names_every_mistake_and_each_is_understood() {
        let names = Sabotage::ALL.iter().map(|sabotage| sabotage.name());
        let names = names.chain(Mistake::ALL.map(Mistake::name));
        for name in names.chain(BankMistake::ALL.map(BankMistake::name)) {
            assert!(HELP.contains(name), "{name}");
            assert!(parsed(&format!("--sabotage {name}")).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_mistake_of_a_business_is_planted_in_that_business() {
        let bank = parsed("--business bank --sabotage append-over").unwrap().unwrap();
        let planted = parsed("--sabotage transfer-in-two").unwrap().unwrap();

        assert_eq!((bank.of, bank.sabotage), (Of::Bank(None), Some(Sabotage::AppendOver)));
        assert_eq!(planted.of, Of::Bank(Some(BankMistake::TransferInTwo)));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let lines = ["--sead 7", "--seed", "--seed seven", "--sabotage nothing", "--business farm"];
        // Each in the other's business.
        let misplaced = [
            "--business bank --sabotage key-per-attempt",
            "--sabotage transfer-in-two --business shop",
        ];
        for line in lines.into_iter().chain(misplaced) {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
