//! Which public keys of the service are known: declared by the target, derived from its private key, or published by the service itself.

use futures::future::join_all;
use serde_json::Value;

use crate::checks::Context;
use crate::http::{Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::token::PublicKey;

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
    let asked = join_all(paths.iter().map(|path| async move { (*path, cx.send(&Probe::get(*path)).await) })).await;
    let mut seen = Vec::new();
    for (path, answer) in asked {
        let answer = answer?;
        let keys = answer.json().and_then(|body| body.get("keys")?.as_array().cloned()).filter(|keys| !keys.is_empty());
        if let Some(keys) = keys {
            return Ok((keys.iter().take(KEYS).enumerate().map(|(index, jwk)| published(path, index, jwk)).collect(), seen));
        }
        seen.push(evidence(&answer, format!("GET {path}"), Finding::Held, format!("{}, no key set", answer.status)));
    }
    Ok((Vec::new(), seen))
}

fn published(path: &str, index: usize, jwk: &Value) -> Known {
    Known { key: PublicKey::of_jwk(jwk), from: format!("key {} of {path}", index + 1) }
}
