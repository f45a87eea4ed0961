//! What a target echoes of our own secrets: hidden before anything of an answer is kept.

use secrecy::{ExposeSecret as _, SecretString};

use super::Credential;
use super::probe::{Field, Probe};

/// Shortest value that is looked for: anything shorter would be found everywhere by chance.
const SHORTEST: usize = 8;

/// Secrets that one request carried, with the names that stand for them.
pub(super) struct Unsaid(Vec<(SecretString, String)>);

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
        let mut all: Vec<_> = credentials.flat_map(values).collect();
        all.extend(extra.iter().map(|(name, value)| (value.clone(), format!("<{name} from postflight.toml>"))));
        all.retain(|(value, _)| value.expose_secret().len() >= SHORTEST);
        Self(all)
    }

    /// `text` with every secret replaced by its name.
    pub(super) fn hide(&self, text: &str) -> String {
        let hidden = self.0.iter().fold(text.to_owned(), |text, (value, name)| text.replace(value.expose_secret(), name));
        without_signatures(&hidden)
    }
}

/// A credential whole, and its signature alone.
fn values(credential: &Credential) -> Vec<(SecretString, String)> {
    let whole = credential.expose();
    let signature = whole.rsplit_once('.').map(|(_, signature)| signature);
    let named = |value: &str, name: String| (SecretString::from(value), name);
    let mut all = vec![named(whole, credential.name().to_owned())];
    all.extend(signature.map(|signature| named(signature, format!("<signature of {}>", credential.name()))));
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
