//! Which public keys of the service are known: declared by the target, derived from its private key, or published by the service itself.

use futures::future::join_all;
use serde_json::Value;

use crate::checks::{Case, Checked, Context, Judgement, shared_battery};
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::token::{PublicKey, decode};

/// Where key sets are usually published (RFC 8414, 2; the JWT plugin of Better Auth).
pub(super) const PATHS: [&str; 4] = ["/.well-known/jwks.json", "/api/auth/jwks", "/jwks.json", "/.well-known/jwks"];
/// Keys of one set that are looked at: a set may hold old ones.
const KEYS: usize = 3;

/// A public key, and how it became known.
pub(super) struct Known {
    pub(super) key: PublicKey,
    pub(super) from: String,
}

/// Every public key that is known, and what was answered where none is published.
pub(super) struct PublicKeys {
    pub(super) known: Vec<Known>,
    pub(super) seen: Vec<Evidence>,
}

/// Finds out: the declared key and the one of the signing key cost nothing; a key set is looked for only where neither is known, or where
/// its path is declared.
pub(super) async fn of_service(cx: &Context) -> Result<PublicKeys, Trouble> {
    let declared = cx.target.other_keys.public.clone().map(|key| Known { key, from: "the declared public key".into() });
    let mut known: Vec<_> = declared.into_iter().chain(derived(cx)).collect();
    let paths: Vec<_> = match &cx.target.paths.jwks {
        Some(path) => vec![path.as_str()],
        None if known.is_empty() => PATHS.to_vec(),
        None => Vec::new(),
    };
    let (published, seen) = discover(cx, &paths).await?;
    known.extend(published);
    Ok(PublicKeys { known, seen })
}

/// The public half of the signing key, under the key id that its tokens name.
fn derived(cx: &Context) -> Option<Known> {
    let mint = cx.forge.as_ref()?.mint();
    let mut jwk = mint.key.public()?;
    if let (Some(kid), Some(members)) = (&mint.kid, jwk.as_object_mut()) {
        members.insert("kid".into(), kid.as_str().into());
    }
    Some(Known { key: PublicKey::of_jwk(&jwk), from: format!("the public half of {}", mint.variable) })
}

/// Looks for a key set at `paths` of the target's own host.
async fn discover(cx: &Context, paths: &[&str]) -> Result<(Vec<Known>, Vec<Evidence>), Trouble> {
    let asked = join_all(paths.iter().map(|path| async move { (*path, cx.once(&Probe::get(*path)).await) })).await;
    let mut seen = Vec::new();
    for (path, answer) in asked {
        let answer = answer?;
        if let Some(keys) = keys_in(&answer) {
            return Ok((keys.iter().take(KEYS).enumerate().map(|(index, jwk)| published(path, index, jwk)).collect(), seen));
        }
        seen.push(evidence(&answer, format!("GET {path}"), Finding::Held, format!("{}, no key set", answer.status)));
    }
    Ok((Vec::new(), seen))
}

/// The keys of a key set (RFC 7517, 5); `None` for anything else.
fn keys_in(answer: &Answer) -> Option<Vec<Value>> {
    answer.json()?.get("keys")?.as_array().cloned().filter(|keys| !keys.is_empty())
}

/// Members of a key that only its owner may know (RFC 7518, 6.2.2, 6.3.2 and 6.4.1; RFC 8037, 2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// No key set, where the service publishes one, holds what signs.
pub(super) async fn holds_public_halves(cx: Context) -> Checked {
    let paths: Vec<_> = cx.target.paths.jwks.as_deref().map_or_else(|| PATHS.to_vec(), |path| vec![path]);
    let cases = paths.into_iter().map(|path| Case::new(format!("GET {path}"), Probe::get(path)).closed_by_anybody()).collect();
    shared_battery(&cx, "places of a key set", cases, |_, answer| of_key_set(answer)).await
}

fn of_key_set(answer: &Answer) -> Judgement {
    let Some(keys) = keys_in(answer) else { return Judgement::held(format!("{}, no key set", answer.status)) };
    let private = |key: &Value| PRIVATE.into_iter().find(|name| key.get(*name).is_some_and(Value::is_string));
    let shortest = keys.iter().filter_map(modulus).min();
    match (keys.iter().find_map(private), shortest) {
        (Some(name), _) => Judgement::broken(format!("a published key has the member `{name}`: whoever reads it signs tokens")),
        (None, Some(bits @ ..FACTORED)) => {
            Judgement::broken(format!("a published RSA key has {bits} bits: its private half can be computed"))
        }
        (None, Some(bits @ ..SOUND)) => Judgement::weak(format!("a published RSA key has {bits} bits, where {SOUND} are due")),
        (None, _) => Judgement::held(format!("{} public keys", keys.len())),
    }
}

/// Bits of a modulus that everybody can factor (RSA-250 has 829), and those that signatures need (RFC 7518, 3.3).
const FACTORED: usize = 832;
const SOUND: usize = 2_048;

/// Bits of an RSA key's modulus.
fn modulus(key: &Value) -> Option<usize> {
    let bytes = decode(key.get("n")?.as_str()?)?;
    let bytes: Vec<_> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let first = bytes.first()?;
    Some(bytes.len() * 8 - first.leading_zeros() as usize)
}

fn published(path: &str, index: usize, jwk: &Value) -> Known {
    Known { key: PublicKey::of_jwk(jwk), from: format!("key {} of {path}", index + 1) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::public(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA" }] }), Finding::Held)]
    #[case::private(json!({ "keys": [{ "kty": "RSA", "n": "AA", "e": "AQAB" }, { "kty": "RSA", "n": "AA", "e": "AQAB", "d": "AA" }] }), Finding::Broken)]
    #[case::secret(json!({ "keys": [{ "kty": "oct", "k": "AA" }] }), Finding::Broken)]
    #[case::something_else(json!({ "keys": { "d": "AA" } }), Finding::Held)]
    fn a_key_set_is_for_verifying(#[case] body: Value, #[case] finding: Finding) {
        assert_eq!(of_key_set(&Answer::canned(200, &[], &body.to_string())).finding, finding);
    }
}
