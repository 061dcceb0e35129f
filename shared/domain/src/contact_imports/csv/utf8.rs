//! Whether bytes that come in pieces are UTF-8.

use std::str::from_utf8;

/// What was seen of a character that a piece ended in the middle of.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    begun: Vec<u8>,
}

impl Utf8 {
    /// How many bytes of `piece` there are before the first that is not UTF-8; `None`: all are.
    ///
    /// 0 as well where the character is wrong that the piece before it had begun.
    pub(super) fn wrong_in(&mut self, piece: &[u8]) -> Option<usize> {
        let mut taken = 0;
        while !self.begun.is_empty() {
            let next = piece.get(taken)?;
            taken += 1;
            self.begun.push(*next);
            match from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(wrong) if wrong.error_len().is_some() => return Some(0),
                // It is not complete yet. No character has more than four bytes, so this ends.
                Err(_) => {}
            }
        }
        let rest = &piece[taken..];
        let wrong = from_utf8(rest).err()?;
        let good = wrong.valid_up_to();
        if wrong.error_len().is_some() {
            return Some(taken + good);
        }
        self.begun.extend_from_slice(&rest[good..]);
        None
    }

    /// How many bytes before the end a character begins that is not complete.
    pub(super) fn begun(&self) -> usize {
        self.begun.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_be_cut_anywhere() {
        let text = "aé€😀b".as_bytes();
        for cut in 0..=text.len() {
            let mut utf8 = Utf8::default();

            let wrong = [&text[..cut], &text[cut..]].map(|piece| utf8.wrong_in(piece));

            assert_eq!((wrong, utf8.begun()), ([None, None], 0), "cut at {cut}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_named_and_what_is_not_complete_at_the_end_is_told() {
        assert_eq!(Utf8::default().wrong_in(b"ab\xe9c"), Some(2));
        let mut cut = Utf8::default();
        assert_eq!(cut.wrong_in(b"ab\xe2\x82"), None);
        assert_eq!(cut.begun(), 2);
        assert_eq!(cut.wrong_in(b"c"), Some(0));
    }
}
