//! Any bearer token, JWT or opaque, with something of it changed: what needs no knowledge of its form.

use crate::checks::{Checked, Context};
use crate::token::Compact;

use super::ask::{Forgery, refused};

/// Changes of the token of A. The parts of a JWT have checks of their own, so of it only what a service that looks no further would miss.
pub(super) async fn tampered(cx: Context) -> Checked {
    let token = cx.a()?.token.expose().to_owned();
    let mut forgeries = match Compact::parse(&token) {
        Some(jwt) => vec![signed_otherwise(&jwt)],
        None => as_text(&token, &cx.random("another token")),
    };
    forgeries.extend(everywhere(&token));
    forgeries.retain(|forgery| forgery.token != token);
    refused(&cx, "changed tokens", forgeries).await
}

/// The same header and claims, and another signature. Its first character stands for six whole bits.
fn signed_otherwise(jwt: &Compact) -> Forgery {
    let signature: String = jwt.signature.chars().take(1).map(other).chain(jwt.signature.chars().skip(1)).collect();
    Forgery::fatal("the first character of the signature changed", jwt.with_signature(signature).token())
}

fn everywhere(token: &str) -> Vec<Forgery> {
    let length = token.chars().count();
    let at = |index: usize| token.chars().enumerate().map(|(at, c)| if at == index { other(c) } else { c }).collect::<String>();
    vec![
        Forgery::fatal("the first character changed", at(0)),
        Forgery::fatal("a character in the middle changed", at(length / 2)),
        Forgery::fatal("the token in reverse", token.chars().rev().collect::<String>()),
    ]
}

fn as_text(token: &str, random: &str) -> Vec<Forgery> {
    let length = token.chars().count();
    let first = |count: usize| token.chars().take(count).collect::<String>();
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let unlike: String =
        token.chars().zip(random.chars().cycle()).map(|(c, new)| if c.is_ascii_alphanumeric() { new } else { c }).collect();
    let near_the_end = |from_the_end: usize| {
        let index = length.saturating_sub(from_the_end);
        token.chars().enumerate().map(|(at, c)| if at == index { other(c) } else { c }).collect::<String>()
    };
    vec![
        // What is encoded may have bits in its last character that stand for nothing (RFC 4648, 3.5).
        Forgery::lenient("the last character changed", near_the_end(1)),
        Forgery::fatal("the third character from the end changed", near_the_end(3)),
        Forgery::fatal("without its last character", first(length.saturating_sub(1))),
        Forgery::fatal("the first half alone", first(length / 2)),
        Forgery::fatal("an asterisk", "*"),
        Forgery::fatal("an SQL wildcard", "%"),
        Forgery::fatal("another token of the same form", unlike),
        Forgery::lenient("a character more", format!("{token}x")),
        Forgery::lenient("in another letter case", token.chars().map(swapped).collect::<String>()),
    ]
}

/// Another character of the same class.
const fn other(c: char) -> char {
    match c {
        'a'..='y' | 'A'..='Y' | '0'..='8' => (c as u8 + 1) as char,
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        _ => 'x',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_changes_the_token() {
        let token = "9f86d081884c7d659a2f";
        for forgery in everywhere(token).into_iter().chain(as_text(token, "abcdefghij")) {
            assert_ne!(forgery.token, token, "{}", forgery.name);
        }
    }
}
