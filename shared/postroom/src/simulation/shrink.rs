//! Making a failing run short enough to be read.

/// How many runs are spent on it at most.
const MOST_RUNS: usize = 2_000;

/// The dullest tape that is found to fail still: its tail cut, its choices made dull by blocks and one by one, and lower.
pub(super) fn shrink(tape: &[u16], mut fails: impl FnMut(&[u16]) -> bool) -> Vec<u16> {
    let mut best = tape.to_vec();
    let mut runs = 0;
    let mut attempt = |best: &mut Vec<u16>, candidate: Vec<u16>| {
        if runs == MOST_RUNS || candidate == *best {
            return false;
        }
        runs += 1;
        let shorter = fails(&candidate);
        if shorter {
            *best = candidate;
        }
        shorter
    };
    loop {
        let before = best.clone();
        cut_tail(&mut best, &mut attempt);
        let mut block = best.len().next_power_of_two();
        while block > 0 {
            for start in (0..best.len()).step_by(block).rev() {
                let end = (start + block).min(best.len());
                if best[start..end].iter().any(|choice| *choice > 0) {
                    let mut candidate = best.clone();
                    candidate[start..end].fill(0);
                    attempt(&mut best, candidate);
                }
            }
            block /= 2;
        }
        for place in 0..best.len() {
            while best[place] > 1 {
                let mut candidate = best.clone();
                candidate[place] /= 2;
                if !attempt(&mut best, candidate) {
                    break;
                }
            }
        }
        if best == before {
            return best;
        }
    }
}

/// Cuts as much of the end as can be missed: half of it, a quarter, and so on.
fn cut_tail(best: &mut Vec<u16>, attempt: &mut impl FnMut(&mut Vec<u16>, Vec<u16>) -> bool) {
    let mut cut = best.len() / 2;
    while cut > 0 {
        while best.len() >= cut && attempt(best, best[..best.len() - cut].to_vec()) {}
        cut /= 2;
    }
    while best.last() == Some(&0) {
        best.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_becomes_dull_and_the_end_is_cut() {
        let tape: Vec<u16> = (1..=200).collect();

        let short = shrink(&tape, |tape| {
            tape.get(17).is_some_and(|choice| *choice >= 3) && tape.get(90) == Some(&91)
        });

        let mut dull = vec![0; 91];
        (dull[17], dull[90]) = (4, 91);
        assert_eq!(short, dull);
    }

    #[test]
    fn it_ends_although_everything_fails() {
        assert!(shrink(&[7; 500], |_| true).is_empty());
        assert_eq!(shrink(&[7; 50], |_| false), [7; 50]);
    }
}
