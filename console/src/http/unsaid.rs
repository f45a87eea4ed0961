//! What a target echoes of our own secrets: hidden before anything of an answer is kept.

use std::sync::Arc;

use super::Credential;
use super::given_away::without_given_away;
use super::vault::{Known, hidden};

/// Secrets that one request carried, and those that the whole run knows, with the names that stand for them.
pub(super) struct Unsaid {
    carried: Vec<Credential>,
    known: Arc<Known>,
}

impl Unsaid {
    /// What must not be said of these credentials and of everything that the run knows.
    pub(super) fn new<'a>(carried: impl Iterator<Item = &'a Credential>, known: Arc<Known>) -> Self {
        Self { carried: carried.cloned().collect(), known }
    }

    /// `text` with every secret replaced by its name.
    pub(super) fn hide(&self, text: &str) -> String {
        let carried = self.carried.iter().map(Credential::needles);
        let unsaid = carried.fold(None, |now: Option<String>, needles| hidden(needles, now.as_deref().unwrap_or(text)).or(now));
        let unsaid = self.known.hidden(unsaid.as_deref().unwrap_or(text)).or(unsaid);
        without_signatures(&without_given_away(unsaid.as_deref().unwrap_or(text)))
    }
}

/// Cuts the third part of whatever looks like a JWS in compact form (RFC 7515, 7.1), whoever made it.
fn without_signatures(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        out.push_str(before);
        let end = token.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        match token.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [header, payload, signature] if !signature.is_empty() => out.push_str(&format!("{header}.{payload}.<signature>")),
            _ => out.push_str(token),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Probe;
    use crate::http::vault::Vault;

    fn unsaid() -> Unsaid {
        let token = Credential::new("$POSTFLIGHT_TOKEN_A", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl");
        let vault = Vault::default();
        vault.keep("<x-bypass from postflight.toml>", "let-me-in-please");
        Unsaid::new(Probe::get("/").bearer(&token).credentials(), vault.known())
    }

    #[rstest::rstest]
    #[case("Invalid token: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl!", "Invalid token: $POSTFLIGHT_TOKEN_A!")]
    #[case("bad signature c2lnbmF0dXJl", "bad signature <signature of $POSTFLIGHT_TOKEN_A>")]
    #[case("try eyJh.eyJz.b3RoZXI instead", "try eyJh.eyJz.<signature> instead")]
    #[case("headers: {x-bypass: let-me-in-please}", "headers: {x-bypass: <x-bypass from postflight.toml>}")]
    #[case("eyJ and eyJh.eyJz are harmless", "eyJ and eyJh.eyJz are harmless")]
    fn an_echo_of_a_secret_is_hidden(#[case] said: &str, #[case] kept: &str) {
        assert_eq!(unsaid().hide(said), kept);
    }
}
