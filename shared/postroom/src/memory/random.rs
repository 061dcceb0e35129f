//! Numbers that are the same for the same seed, on every machine.

/// `SplitMix64`, by Sebastiano Vigna, public domain.
#[cfg(any(feature = "contract", feature = "simulation"))]
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

#[cfg(any(feature = "contract", feature = "simulation"))]
impl Random {
    /// The next number below `end`, each as likely as the others.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let number = scatter(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // The high half of the product: as even as a remainder, and cheaper.
        u64::try_from((u128::from(number) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn any_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.below(values.len() as u64)).unwrap_or(0)]
    }
}

/// Spreads neighbouring numbers over all 64 bits.
pub(crate) fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
