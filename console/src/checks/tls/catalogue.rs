//! The cards of the suite `tls`.

use futures::future::BoxFuture;

use super::super::{Check, Checked, Context, Need, Reference, Remedy, Suite};
use super::{certificate, hellos, ways};
use crate::run::Severity::{self, High, Info, Medium};

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[
    CONTROL,
    TRUSTED,
    NAME,
    VALIDITY,
    KEY,
    SIGNATURE,
    MODERN,
    OBSOLETE,
    CIPHERS,
    COMPRESSION,
    RENEGOTIATION,
    HTTP2,
    PLAIN_REDIRECT,
    PLAIN_API,
    NAMES,
    DIRECT,
];

const RFC_9325: Reference = Reference { name: "RFC 9325 (recommendations for TLS)", url: "https://www.rfc-editor.org/rfc/rfc9325" };
const RFC_5280: Reference =
    Reference { name: "RFC 5280, 6 (path validation)", url: "https://www.rfc-editor.org/rfc/rfc5280#section-6" };
const RFC_9525: Reference = Reference { name: "RFC 9525 (service identity)", url: "https://www.rfc-editor.org/rfc/rfc9525" };
const RFC_8996: Reference =
    Reference { name: "RFC 8996 (TLS 1.0 and 1.1 deprecated)", url: "https://www.rfc-editor.org/rfc/rfc8996" };
const RFC_7465: Reference = Reference { name: "RFC 7465 (no RC4)", url: "https://www.rfc-editor.org/rfc/rfc7465" };
const RFC_5746: Reference =
    Reference { name: "RFC 5746, 3.6 (secure renegotiation)", url: "https://www.rfc-editor.org/rfc/rfc5746#section-3.6" };
const RFC_6194: Reference = Reference { name: "RFC 6194 (SHA-1)", url: "https://www.rfc-editor.org/rfc/rfc6194" };
const RFC_9113: Reference =
    Reference { name: "RFC 9113, 3.2 (HTTP/2 over TLS)", url: "https://www.rfc-editor.org/rfc/rfc9113#section-3.2" };
const RFC_6797: Reference =
    Reference { name: "RFC 6797, 7.2 (redirects)", url: "https://www.rfc-editor.org/rfc/rfc6797#section-7.2" };
const RFC_6750: Reference =
    Reference { name: "RFC 6750, 5.3 (bearer tokens need TLS)", url: "https://www.rfc-editor.org/rfc/rfc6750#section-5.3" };
const RFC_9110: Reference =
    Reference { name: "RFC 9110, 7.4 (misdirected requests)", url: "https://www.rfc-editor.org/rfc/rfc9110#section-7.4" };
const SP_800_57: Reference =
    Reference { name: "NIST SP 800-57 Part 1 (key sizes)", url: "https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final" };
const CWE_295: Reference =
    Reference { name: "CWE-295, improper certificate validation", url: "https://cwe.mitre.org/data/definitions/295.html" };
const CWE_298: Reference =
    Reference { name: "CWE-298, certificate expiration", url: "https://cwe.mitre.org/data/definitions/298.html" };
const CWE_319: Reference =
    Reference { name: "CWE-319, cleartext transmission", url: "https://cwe.mitre.org/data/definitions/319.html" };
const CWE_326: Reference =
    Reference { name: "CWE-326, inadequate encryption strength", url: "https://cwe.mitre.org/data/definitions/326.html" };
const CWE_327: Reference =
    Reference { name: "CWE-327, broken or risky algorithm", url: "https://cwe.mitre.org/data/definitions/327.html" };
const CRIME: Reference = Reference { name: "CVE-2012-4929 (CRIME)", url: "https://nvd.nist.gov/vuln/detail/CVE-2012-4929" };
const API8: Reference = Reference {
    name: "OWASP API8:2023, security misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};

const CERTIFICATE: Remedy = Remedy {
    axum: "Leave the certificate to the platform's edge, or renew it by ACME (rustls-acme, certbot) and serve leaf and intermediates.",
    fastapi: "Leave it to the edge or to nginx with certbot; uvicorn --ssl-certfile takes the full chain, not the leaf alone.",
    express: "Leave it to the edge or to nginx with certbot; https.createServer({ cert }) takes the full chain.",
};
const PROTOCOL: Remedy = Remedy {
    axum: "rustls has TLS 1.2 and 1.3 and nothing else; an edge or proxy before it needs the same (nginx: ssl_protocols TLSv1.2 TLSv1.3).",
    fastapi: "In nginx: ssl_protocols TLSv1.2 TLSv1.3; uvicorn takes --ssl-ciphers and, by ssl_context, minimum_version.",
    express: "In nginx: ssl_protocols TLSv1.2 TLSv1.3; in Node: minVersion: 'TLSv1.2' and no ciphers option of your own.",
};
const PLAIN: Remedy = Remedy {
    axum: "Let the edge answer port 80 with 308 to https and bind the service to the edge's network alone.",
    fastapi: "Let the proxy answer port 80 with 308 to https, and bind uvicorn to 127.0.0.1; HTTPSRedirectMiddleware where there is none.",
    express: "Let the proxy answer port 80 with 308 to https, and listen on 127.0.0.1.",
};
const ONE_NAME: Remedy = Remedy {
    axum: "A default server in the proxy that answers 421 or closes (nginx: ssl_reject_handshake on); accept only the CDN's addresses.",
    fastapi: "The same in the proxy, and TrustedHostMiddleware(allowed_hosts=[...]) in the application.",
    express: "The same in the proxy, and a first middleware that answers 421 unless req.hostname is yours.",
};

type Run = fn(Context) -> BoxFuture<'static, Checked>;

/// A card; `words` are title, reason and expectation.
const fn check(
    id: &'static str,
    severity: Severity,
    words: [&'static str; 3],
    references: &'static [Reference],
    remedy: Remedy,
    run: Run,
) -> Check {
    let [title, why, expectation] = words;
    Check {
        id,
        suite: Suite::Tls,
        title,
        why,
        expectation,
        severity,
        references,
        requirements: &["FR-007"],
        remedy,
        needs: &[Need::Https],
        run,
    }
}

const CONTROL: Check = check(
    "tls.control",
    Info,
    [
        "The host speaks TLS",
        "Control of this suite: refusals of bad offers say something only where a good offer is taken. The certificate need not be trusted \
         for that; whether it is has a check of its own.",
        "A handshake completes.",
    ],
    &[RFC_9325],
    CERTIFICATE,
    |cx| Box::pin(certificate::control(cx)),
);

const TRUSTED: Check = check(
    "tls.certificate.trusted",
    High,
    [
        "The certificate leads to a trusted authority",
        "A client that cannot verify the certificate must not send a token: whoever sits between can show one of his own. Nothing else of \
         this service is judged until this holds. A missing intermediate often goes unseen in browsers, which fetch it.",
        "Leaf and intermediates lead to an authority of the platform or to the one declared as `ca`, and the server holds the leaf's key.",
    ],
    &[RFC_5280, CWE_295],
    CERTIFICATE,
    |cx| Box::pin(certificate::trusted(cx)),
);

const NAME: Check = check(
    "tls.certificate.name",
    High,
    [
        "The certificate is for this host",
        "A certificate for another name proves that somebody else answers. Clients refuse it, or were told not to look, which is worse.",
        "A subject alternative name covers the host of the URL.",
    ],
    &[RFC_9525, CWE_295],
    CERTIFICATE,
    |cx| Box::pin(certificate::name(cx)),
);

const VALIDITY: Check = check(
    "tls.certificate.validity",
    High,
    [
        "The certificate is valid today and in two weeks",
        "The day it expires the service is down for every careful client, and the careless ones learn to look away. Renewal that works \
         leaves more than two weeks at any time.",
        "Valid now; at least 14 days left, or a third of its life where that is shorter (WARN below).",
    ],
    &[RFC_5280, CWE_298],
    CERTIFICATE,
    |cx| Box::pin(certificate::validity(cx)),
);

const KEY: Check = check(
    "tls.certificate.key",
    High,
    [
        "The certificate's keys are strong",
        "An RSA modulus below 2048 bits, or a curve below 256, can be broken by those who want to read along for years.",
        "RSA of 2048 bits or more, P-256 or better, Ed25519.",
    ],
    &[RFC_9325, SP_800_57, CWE_326],
    CERTIFICATE,
    |cx| Box::pin(certificate::key(cx)),
);

const SIGNATURE: Check = check(
    "tls.certificate.signature",
    High,
    [
        "No certificate is signed with MD5 or SHA-1",
        "Collisions of these hashes can be made, and with them a second certificate that bears the same signature.",
        "The leaf and every intermediate are signed with SHA-256 or better, or Ed25519. A root's own signature does not matter.",
    ],
    &[RFC_6194, RFC_9325, CWE_327],
    CERTIFICATE,
    |cx| Box::pin(certificate::signature(cx)),
);

const MODERN: Check = check(
    "tls.versions.modern",
    Medium,
    [
        "TLS 1.3 is spoken",
        "TLS 1.3 encrypts the certificate, has only forward secret suites and one round trip less. A service without even 1.2 is reached \
         only by clients that accept broken protocols.",
        "TLS 1.3; 1.2 alone is a WARN.",
    ],
    &[RFC_9325],
    PROTOCOL,
    |cx| Box::pin(hellos::modern(cx)),
);

const OBSOLETE: Check = check(
    "tls.versions.obsolete",
    Medium,
    [
        "SSL 3.0, TLS 1.0 and TLS 1.1 are refused",
        "Their padding and hashes are broken (POODLE, BEAST, SLOTH). A server that takes them can be talked down to them by whoever sits \
         between. Each is offered alone, in a hello by hand, since no modern library says it.",
        "An alert or a closed connection for each.",
    ],
    &[RFC_8996, RFC_9325, CWE_327],
    PROTOCOL,
    |cx| Box::pin(hellos::obsolete(cx)),
);

const CIPHERS: Check = check(
    "tls.ciphers",
    High,
    [
        "Weak cipher suites are refused",
        "Without encryption or certificate anybody reads along; export keys and RC4 are broken in hours (FREAK, Logjam), 3DES with enough \
         traffic (SWEET32, a WARN). Each family is offered alone.",
        "An alert or a closed connection for each family.",
    ],
    &[RFC_9325, RFC_7465, CWE_326],
    PROTOCOL,
    |cx| Box::pin(hellos::ciphers(cx)),
);

const COMPRESSION: Check = check(
    "tls.compression",
    High,
    [
        "TLS does not compress",
        "The length of what was compressed before encryption tells whether a guess is in it: a token falls byte by byte (CRIME).",
        "DEFLATE is declined when it is offered.",
    ],
    &[CRIME, RFC_9325],
    PROTOCOL,
    |cx| Box::pin(hellos::compression(cx)),
);

const RENEGOTIATION: Check = check(
    "tls.renegotiation",
    Medium,
    [
        "Renegotiation is secure or absent",
        "Without the indication of RFC 5746 an attacker can put a request of his own before the victim's, which then carries the victim's \
         token. TLS 1.3 has no renegotiation.",
        "A ServerHello of TLS 1.2 carries renegotiation_info, or only TLS 1.3 is spoken.",
    ],
    &[RFC_5746, RFC_9325],
    PROTOCOL,
    |cx| Box::pin(hellos::renegotiation(cx)),
);

const HTTP2: Check = check(
    "tls.http2",
    Info,
    [
        "HTTP/2 is offered",
        "With HTTP/1.1 alone a browser opens six connections and queues the rest. Nothing is at risk, so it can only warn.",
        "h2 is chosen when h2 and http/1.1 are offered (ALPN).",
    ],
    &[RFC_9113],
    PROTOCOL,
    |cx| Box::pin(hellos::alpn(cx)),
);

const PLAIN_REDIRECT: Check = check(
    "tls.plain.redirect",
    Medium,
    [
        "Plain HTTP leads to https, or nowhere",
        "The first request of somebody who types the name goes out in the clear. A redirect elsewhere, or one that stays on http, hands it \
         on to whoever sits between.",
        "301 or 308 to https on the same host, a refusal, or a closed port.",
    ],
    &[RFC_6797, CWE_319],
    PLAIN,
    |cx| Box::pin(ways::redirect(cx)),
);

const PLAIN_API: Check = check(
    "tls.plain.api",
    High,
    [
        "The API does not answer in the clear",
        "A client with http in its configuration works, so nobody notices that its tokens travel readable. Even a 401 from the API shows \
         that it looks at tokens there. The real token is used only where the network is this machine.",
        "No answer of the API on plain HTTP, with or without a token.",
    ],
    &[RFC_6750, CWE_319],
    PLAIN,
    |cx| Box::pin(ways::plain_api(cx)),
);

const NAMES: Check = check(
    "tls.names",
    Info,
    [
        "The API answers only to its own name",
        "What answers to any name and to the bare address is found by scans, and its Host header can be anything, which ends up in links. \
         It can only warn: many correct services look at no name.",
        "A foreign server name and the bare address get no answer of the API.",
    ],
    &[RFC_9110, API8],
    ONE_NAME,
    |cx| Box::pin(ways::names(cx)),
);

const DIRECT: Check = check(
    "tls.direct",
    High,
    [
        "The origin server answers nobody but the CDN",
        "Whoever finds the address of the origin server goes around the firewall, the rate limits and the bot rules of the CDN.",
        "At the declared address nothing of the API answers, in TLS or in the clear.",
    ],
    &[API8],
    ONE_NAME,
    |cx| Box::pin(ways::direct(cx)),
);
