//! What the server takes when it is offered too little: old versions, weak suites, compression.
//!
//! The same hello by hand that asks for something bad also asks for TLS 1.2 with good suites, so a refusal is known to mean the offer. Where
//! a server has only TLS 1.3, all of this is gone by design (RFC 8446), which the handshake shows.

use super::super::{Checked, Context, Judgement, Outcome};
use super::{outcome, seen};
use crate::http::tls::{Handshake, Hello, Reply, ServerHello, Version, suites};
use crate::http::{Trouble, trust};
use crate::run::Evidence;

const MODERN: Hello = Hello::new(Version::TLS12, suites::MODERN);

/// What the server is known to speak.
struct Spoken {
    tls13: bool,
    /// The answer to a hello of TLS 1.2 with good suites.
    tls12: Option<ServerHello>,
    words: String,
}

impl Spoken {
    async fn by(cx: &Context) -> Result<Self, Trouble> {
        let reply = cx.client.greet(&MODERN).await?;
        let tls13 = match cx.client.handshake().await {
            Ok(Handshake { tls13, .. }) => tls13,
            Err(Trouble::Transport(_) | Trouble::Timeout(_)) => false,
            Err(trouble) => return Err(trouble),
        };
        let words = reply.words();
        let tls12 = match reply {
            Reply::Hello(hello) if hello.version == Version::TLS12 => Some(hello),
            _ => None,
        };
        Ok(Self { tls13, tls12, words })
    }

    /// Whether hellos by hand are understood, or are known to be refused because only TLS 1.3 is spoken.
    fn evidence(&self) -> Evidence {
        let judgement = match (&self.tls12, self.tls13) {
            (Some(_), _) => Judgement::held(self.words.clone()),
            (None, true) => Judgement::held("only TLS 1.3"),
            (None, false) => Judgement::unclear(self.words.clone()),
        };
        seen("TLS 1.2 with good suites", judgement)
    }
}

/// TLS 1.2 or 1.3 is spoken, best both.
pub(super) async fn modern(cx: Context) -> Checked {
    let spoken = Spoken::by(&cx).await?;
    let judgement = match (&spoken.tls12, spoken.tls13) {
        (_, true) => Judgement::held("TLS 1.3"),
        (Some(_), false) => Judgement::weak("TLS 1.2, but not 1.3"),
        (None, false) => Judgement::broken(format!("neither TLS 1.3 nor 1.2 ({})", spoken.words)),
    };
    Ok(outcome(vec![seen("versions", judgement)]))
}

/// SSL 3.0, TLS 1.0 and 1.1 are refused.
pub(super) async fn obsolete(cx: Context) -> Checked {
    let mut pieces = vec![Spoken::by(&cx).await?.evidence()];
    for version in [Version::SSL3, Version::TLS10, Version::TLS11] {
        let reply = cx.client.greet(&Hello::new(version, suites::LEGACY)).await?;
        pieces.push(seen(format!("{} alone", version.name()), refused(&reply)));
    }
    Ok(outcome(pieces))
}

/// Judges the answer to an offer that must be refused.
pub(super) fn refused(reply: &Reply) -> Judgement {
    match reply {
        Reply::Hello(_) => Judgement::broken(reply.words()),
        Reply::Alert(_) | Reply::Closed => Judgement::held(reply.words()),
        Reply::Garbage => Judgement::unclear(reply.words()),
    }
}

/// No suite without encryption, certificate or strength.
pub(super) async fn ciphers(cx: Context) -> Checked {
    const WEAK: [(&str, &[u16]); 5] = [
        ("suites without encryption", suites::NULL),
        ("suites without a certificate", suites::ANONYMOUS),
        ("suites of export grade", suites::EXPORT),
        ("RC4", suites::RC4),
        ("3DES", suites::TRIPLE_DES),
    ];
    let mut pieces = vec![Spoken::by(&cx).await?.evidence()];
    for (label, numbers) in WEAK {
        let reply = cx.client.greet(&Hello::new(Version::TLS12, numbers)).await?;
        let judgement = match refused(&reply) {
            taken if numbers == suites::TRIPLE_DES && matches!(reply, Reply::Hello(_)) => Judgement::weak(taken.observed),
            judgement => judgement,
        };
        pieces.push(seen(format!("{label} alone"), judgement));
    }
    Ok(outcome(pieces))
}

/// What is encrypted was not compressed before.
pub(super) async fn compression(cx: Context) -> Checked {
    let spoken = Spoken::by(&cx).await?;
    let reply = cx.client.greet(&Hello { deflate: true, ..MODERN }).await?;
    let judgement = match &reply {
        Reply::Hello(hello) if hello.compression != 0 => Judgement::broken("the server compresses what it encrypts"),
        Reply::Hello(_) => Judgement::held("declined"),
        other => refused(other),
    };
    Ok(outcome(vec![spoken.evidence(), seen("DEFLATE offered", judgement)]))
}

/// Renegotiation, where TLS still has it, is bound to the connection.
pub(super) async fn renegotiation(cx: Context) -> Checked {
    let spoken = Spoken::by(&cx).await?;
    let Some(hello) = &spoken.tls12 else { return Ok(outcome(vec![spoken.evidence()])) };
    let judgement = if hello.renegotiates_safely() {
        Judgement::held("indicated")
    } else {
        Judgement::broken("the server does not indicate secure renegotiation")
    };
    Ok(outcome(vec![seen("renegotiation_info", judgement)]))
}

/// HTTP/2 is offered.
pub(super) async fn alpn(cx: Context) -> Checked {
    let handshake = cx.client.handshake().await?;
    let chosen = handshake.alpn.as_deref().map(String::from_utf8_lossy);
    let offered = trust::Protocols::Any.alpn();
    let judgement = match chosen.as_deref() {
        Some("h2") => Judgement::held("h2"),
        Some(other) => Judgement::weak(format!("{other}: every connection carries one request at a time")),
        None => Judgement::weak("no application protocol was chosen"),
    };
    let words = offered.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>().join(", ");
    Ok::<Outcome, Trouble>(outcome(vec![seen(format!("{words} offered"), judgement)]))
}
