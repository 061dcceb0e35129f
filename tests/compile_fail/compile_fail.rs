//! What must not compile, and what the compiler says about it.

#[cfg(test)]
mod tests {
    #[test]
    fn misuse_of_the_kit_does_not_compile() {
        let cases = trybuild::TestCases::new();
        cases.compile_fail("cases/*.rs");
    }
}
