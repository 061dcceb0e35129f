//! Texts of strangers, as people may be shown them.

use std::borrow::Cow;

/// A text in which nothing acts: what would move a cursor, end a line or turn the direction of reading is spelt out.
///
/// ```
/// assert_eq!(postroom::visible("gone\n\u{1b}[2J all is well"), r"gone\n\u{1b}[2J all is well");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if acts(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Controls; marks and overrides of direction, and what has no width; separators of lines.
// Unicode 17, <https://www.unicode.org/reports/tr9/>, from memory 2026-11-22.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_spelt_out_and_all_else_is_left_as_it_is() {
        for (text, shown) in [
            ("käse 1×: 猫 ░█", "käse 1×: 猫 ░█"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("\u{9b}2J\u{7f}", r"\u{9b}2J\u{7f}"),
            ("\u{202e}dellecnac\u{2028}", r"\u{202e}dellecnac\u{2028}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
