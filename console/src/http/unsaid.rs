//! What a target echoes of our own secrets: hidden before anything of an answer is kept.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::Credential;
use super::probe::{Field, Probe};
use super::vault::{Needle, hidden, needles};

/// Secrets that one request carried, and those that the whole run knows, with the names that stand for them.
pub(super) struct Unsaid {
    carried: Vec<Needle>,
    known: Arc<Vec<Needle>>,
}

impl Unsaid {
    /// The credentials of `probe`, their signatures, and the target's own extra headers.
    pub(super) fn of(probe: &Probe, extra: &[(String, SecretString)]) -> Self {
        let fields = probe.fields.iter().filter_map(|field| match field {
            Field::Secret(_, _, credential) => Some(credential),
            Field::Plain(..) => None,
        });
        Self::of_credentials(probe.bearer.iter().chain(&probe.in_query).chain(fields), extra)
    }

    /// These credentials, their signatures, and the target's own extra headers.
    pub(super) fn of_credentials<'a>(credentials: impl Iterator<Item = &'a Credential>, extra: &[(String, SecretString)]) -> Self {
        let extra =
            extra.iter().flat_map(|(name, value)| needles(&format!("<{name} from postflight.toml>"), value.expose_secret()));
        let carried = credentials.flat_map(values).chain(extra).collect();
        Self { carried, known: Arc::default() }
    }

    /// The same, and everything that the run knows.
    pub(super) fn beside(self, known: Arc<Vec<Needle>>) -> Self {
        Self { known, ..self }
    }

    /// `text` with every secret replaced by its name.
    pub(super) fn hide(&self, text: &str) -> String {
        let carried = hidden(&self.carried, text);
        let text = carried.as_deref().unwrap_or(text);
        let known = hidden(&self.known, text);
        without_signatures(known.as_deref().unwrap_or(text))
    }
}

/// A credential whole, and its signature alone.
fn values(credential: &Credential) -> Vec<Needle> {
    let whole = credential.expose();
    let signature = whole.rsplit_once('.').map(|(_, signature)| signature);
    let mut all = needles(credential.name(), whole);
    all.extend(signature.into_iter().flat_map(|signature| needles(&format!("<signature of {}>", credential.name()), signature)));
    all
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

    fn unsaid() -> Unsaid {
        let token = Credential::new("$POSTFLIGHT_TOKEN_A", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl");
        Unsaid::of(&Probe::get("/").bearer(&token), &[("x-bypass".into(), "let-me-in-please".into())])
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
