//! Whether the certificate is one that clients accept, and will accept in two weeks.

use time::{Duration, OffsetDateTime};

use super::super::{Checked, Context, Judgement, Outcome};
use super::{outcome, seen};
use crate::http::Trouble;
use crate::http::tls::{Certificate, Handshake, Hello, Key, Reply, Version, suites};

/// Time that renewal needs at least when it goes wrong.
const RENEWAL: Duration = Duration::days(14);
/// RSA moduli below this can be factored (NIST SP 800-57).
const RSA_BITS: usize = 2048;
/// Curves below P-256 are too weak (RFC 9325, 4.2).
const CURVE_BITS: usize = 256;
/// Object identifiers of signatures with MD2, MD5 or SHA-1 (RFC 6194, RFC 9155).
const BROKEN_HASHES: [&str; 6] = [
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.2.840.10040.4.3",
    "1.2.840.10045.4.1",
    "1.3.14.3.2.29",
];

/// Something speaks TLS there, whatever its certificate.
pub(super) async fn control(cx: Context) -> Checked {
    let failed = match cx.client.handshake().await {
        Ok(handshake) => {
            let version = if handshake.tls13 { "TLS 1.3" } else { "TLS 1.2" };
            let words = format!("{version}, {} certificates", handshake.chain.len());
            return Ok(outcome(vec![seen("handshake", Judgement::held(words))]));
        }
        Err(trouble @ (Trouble::Transport(_) | Trouble::Timeout(_))) => trouble,
        Err(trouble) => return Err(trouble),
    };
    match cx.client.greet(&Hello::new(Version::TLS11, suites::LEGACY)).await? {
        reply @ Reply::Hello(_) => Ok(outcome(vec![seen("TLS 1.1 alone", Judgement::held(reply.words()))])),
        reply => Ok(Outcome::inconclusive(format!("no handshake: {failed}; to an old hello: {}", reply.words()))),
    }
}

/// The chain leads to an authority that is trusted here, and the server holds the key.
pub(super) async fn trusted(cx: Context) -> Checked {
    let handshake = cx.client.handshake().await?;
    let chain = told(&handshake.trust, || chain_words(&handshake));
    let proof = told(&handshake.proof, || "the server proved that it holds the key".to_owned());
    Ok(outcome(vec![seen("chain", chain), seen("key", proof)]))
}

fn told(result: &Result<(), String>, held: impl Fn() -> String) -> Judgement {
    result.as_ref().map_or_else(|reason| Judgement::broken(reason.clone()), |()| Judgement::held(held()))
}

fn chain_words(handshake: &Handshake) -> String {
    let issuer = handshake.chain.first().and_then(Certificate::read).map(|leaf| leaf.issuer).unwrap_or_default();
    format!("issued by {issuer}, trusted")
}

/// The certificate is for the host that the target names.
pub(super) async fn name(cx: Context) -> Checked {
    let handshake = cx.client.handshake().await?;
    let names = leaf(&handshake)?.names.join(", ");
    let judgement = match &handshake.name {
        Ok(()) => Judgement::held(format!("for {names}")),
        Err(_) => Judgement::broken(format!("it is for {}, not for {}", or_nobody(&names), cx.target.base.host())),
    };
    Ok(outcome(vec![seen("certificate", judgement)]))
}

fn or_nobody(names: &str) -> &str {
    if names.is_empty() { "nobody (it has no alternative name)" } else { names }
}

/// Every certificate that was sent is valid now, and the server's own for a while.
pub(super) async fn validity(cx: Context) -> Checked {
    let chain = read(&cx.client.handshake().await?)?;
    let now = OffsetDateTime::now_utc();
    Ok(outcome(chain.iter().map(|certificate| seen(&certificate.subject, lifetime(certificate, now))).collect()))
}

/// Judges the time of one certificate at `now`. Short-lived ones are renewed often, so theirs is a third of their life.
pub(super) fn lifetime(certificate: &Certificate, now: OffsetDateTime) -> Judgement {
    let left = certificate.not_after - now;
    let margin = RENEWAL.min((certificate.not_after - certificate.not_before) / 3);
    match () {
        () if now < certificate.not_before => Judgement::broken(format!("not valid before {}", certificate.not_before)),
        () if left.is_negative() => {
            Judgement::broken(format!("expired {} days ago, on {}", -left.whole_days(), certificate.not_after))
        }
        () if left < margin => Judgement::weak(format!("expires in {} days", left.whole_days())),
        () => Judgement::held(format!("valid for {} more days", left.whole_days())),
    }
}

/// Every key in the chain is strong enough.
pub(super) async fn key(cx: Context) -> Checked {
    let chain = read(&cx.client.handshake().await?)?;
    Ok(outcome(chain.iter().map(|certificate| seen(&certificate.subject, strength(&certificate.key))).collect()))
}

/// Judges one key.
pub(super) fn strength(key: &Key) -> Judgement {
    match key {
        Key::Rsa(bits) if *bits < RSA_BITS => Judgement::broken(format!("RSA of {bits} bits: less than {RSA_BITS}")),
        Key::Curve(bits) if *bits < CURVE_BITS => Judgement::broken(format!("a curve of {bits} bits: less than {CURVE_BITS}")),
        Key::Rsa(bits) => Judgement::held(format!("RSA of {bits} bits")),
        Key::Curve(bits) => Judgement::held(format!("a curve of {bits} bits")),
        Key::Edwards => Judgement::held("an Edwards curve"),
        Key::Other(identifier) => Judgement::weak(format!("an unusual key ({identifier})")),
    }
}

/// No signature in the chain rests on a broken hash. A root's own signature is relied on by nobody.
pub(super) async fn signature(cx: Context) -> Checked {
    let chain = read(&cx.client.handshake().await?)?;
    let relied = chain.iter().enumerate().filter(|(index, certificate)| *index == 0 || !certificate.is_root());
    Ok(outcome(relied.map(|(_, certificate)| seen(&certificate.subject, hash(&certificate.signature))).collect()))
}

/// Judges the algorithm of one signature.
pub(super) fn hash(identifier: &str) -> Judgement {
    if BROKEN_HASHES.contains(&identifier) {
        Judgement::broken(format!("signed with MD5 or SHA-1 ({identifier}): forgeable"))
    } else {
        Judgement::held(format!("signed with {identifier}"))
    }
}

fn leaf(handshake: &Handshake) -> Result<Certificate, Trouble> {
    let unreadable = || Trouble::Unexpected("what the server sent is no X.509 certificate".into());
    handshake.chain.first().and_then(Certificate::read).ok_or_else(unreadable)
}

fn read(handshake: &Handshake) -> Result<Vec<Certificate>, Trouble> {
    let own = leaf(handshake)?;
    Ok(std::iter::once(own).chain(handshake.chain.iter().skip(1).filter_map(Certificate::read)).collect())
}
