//! Public keys that the target publishes itself, in the forms in which a careless verifier would use them as an HMAC secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use serde_json::Value;

use crate::checks::Context;
use crate::http::{Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::token::decode;

/// Where key sets are usually published (RFC 8414, 2; the JWT plugin of Better Auth).
pub(super) const PATHS: [&str; 4] = ["/.well-known/jwks.json", "/api/auth/jwks", "/jwks.json", "/.well-known/jwks"];

/// What the target publishes.
pub(super) enum Published {
    /// The first key set found, and where.
    Keys(&'static str, Vec<Value>),
    /// No key set; what was answered instead.
    Nothing(Vec<Evidence>),
}

/// Looks for a key set in the usual places of the target's own host.
pub(super) async fn discover(cx: &Context) -> Result<Published, Trouble> {
    let asked = join_all(PATHS.iter().map(|path| async move { (*path, cx.send(&Probe::get(*path)).await) })).await;
    let mut seen = Vec::new();
    for (path, answer) in asked {
        let answer = answer?;
        let body = answer.json();
        if let Some(keys) = body.as_ref().and_then(|body| body.get("keys")?.as_array()).filter(|keys| !keys.is_empty()) {
            return Ok(Published::Keys(path, keys.clone()));
        }
        seen.push(evidence(&answer, format!("GET {path}"), Finding::Held, format!("{}, no key set", answer.status)));
    }
    Ok(Published::Nothing(seen))
}

/// The key as byte strings, each with the name of its form.
pub(super) fn forms(jwk: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("as JWK text", jwk.to_string().into_bytes())];
    if let Some(der) = subject_public_key_info(jwk) {
        let pem = pem("PUBLIC KEY", &der);
        forms.extend([
            ("as PEM", pem.clone().into_bytes()),
            ("as PEM without the last newline", pem.trim_end().as_bytes().to_vec()),
            ("as PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
            ("as DER", der),
        ]);
    }
    if let Some(chain) = jwk.pointer("/x5c/0").and_then(Value::as_str) {
        forms.push(("as certificate text", chain.as_bytes().to_vec()));
        forms.extend(STANDARD.decode(chain).ok().map(|der| ("as certificate PEM", pem("CERTIFICATE", &der).into_bytes())));
    }
    forms.extend(["x", "n"].iter().filter_map(|name| member(jwk, name)).map(|bytes| ("as its bare number", bytes)));
    forms
}

fn member(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    decode(jwk.get(name)?.as_str()?)
}

/// `SubjectPublicKeyInfo` (RFC 5280, 4.1; RFC 3279, 2.3.1; RFC 5480, 2; RFC 8410, 4).
fn subject_public_key_info(jwk: &Value) -> Option<Vec<u8>> {
    const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    const P256: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];
    let (algorithm, key) = match (jwk.get("kty")?.as_str()?, jwk.get("crv").and_then(Value::as_str)) {
        ("RSA", _) => (RSA, element(0x30, &[integer(&member(jwk, "n")?), integer(&member(jwk, "e")?)].concat())),
        ("EC", Some("P-256")) => (P256, [vec![4], member(jwk, "x")?, member(jwk, "y")?].concat()),
        ("OKP", Some("Ed25519")) => (ED25519, member(jwk, "x")?),
        _ => return None,
    };
    let bits = [vec![0], key].concat();
    Some(element(0x30, &[element(0x30, algorithm), element(0x03, &bits)].concat()))
}

/// One DER element (X.690, 8.1): tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            out.extend(significant);
        }
    }
    out.extend(content);
    out
}

/// A DER INTEGER of an unsigned big-endian number.
fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, number].concat())
}

/// RFC 7468, 64 characters a line.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        out.push_str(&format!("{line}\n"));
        rest = more;
    }
    if !rest.is_empty() {
        out.push_str(&format!("{rest}\n"));
    }
    out + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::jwt::attacker::{self, Kind};

    #[rstest::rstest]
    #[case(Kind::Rsa)]
    #[case(Kind::Ec)]
    #[case(Kind::Okp)]
    fn a_public_key_becomes_the_pem_that_verifiers_read(#[case] kind: Kind) {
        let jwk = attacker::jwk(kind, "k").unwrap();
        let pem = forms(&jwk).into_iter().find(|(form, _)| *form == "as PEM").unwrap().1;
        let read = match kind {
            Kind::Rsa => jsonwebtoken::DecodingKey::from_rsa_pem(&pem),
            Kind::Ec => jsonwebtoken::DecodingKey::from_ec_pem(&pem),
            _ => jsonwebtoken::DecodingKey::from_ed_pem(&pem),
        };
        assert!(read.is_ok());
    }
}
