//! What many measurements of one thing say together.

/// The middle of what was measured, and where nine of ten lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// The spread of some measurements; of none, it is not a number.
    pub(crate) fn of(mut measured: Vec<f64>) -> Self {
        measured.sort_by(f64::total_cmp);
        let at = |hundredths: usize| {
            let last = measured.len().saturating_sub(1);
            measured.get((last * hundredths + 50) / 100).copied().unwrap_or(f64::NAN)
        };
        Self { median: at(50), low: at(5), high: at(95) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_moves_no_median() {
        let spread = Spread::of(vec![3.0, 1.0, 1000.0, 2.0, 4.0]);

        assert_eq!(spread, Spread { median: 3.0, low: 1.0, high: 1000.0 });
    }

    #[test]
    fn nothing_measured_is_no_number() {
        assert!(Spread::of(Vec::new()).median.is_nan());
    }
}
