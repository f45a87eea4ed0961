//! Where the key comes from: headers that bring one along or name one, and public keys used as secrets.

use serde_json::{Map, Value, json};

use crate::checks::{Checked, Context, Outcome};
use crate::target::Algorithm;
use crate::token::{Compact, encode};

use super::ask::{Forgery, algorithm_of, of_a, refused, with};
use super::attacker::{self, Kind};
use super::public_key::{self, Known, PublicKeys};

/// The type that the service gives its own tokens: one that asks for it would refuse any other before it looks at a key.
pub(super) fn own_type(token: &Compact) -> Value {
    let own = token.header_json().and_then(|header| header.get("typ").cloned());
    own.unwrap_or_else(|| json!("JWT"))
}

/// The attacker's header for a kind of key, in the type of `token`, with further members.
fn header(kind: Kind, token: &Compact, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut header = Map::new();
    header.insert("alg".into(), json!(kind.alg()));
    header.insert("typ".into(), own_type(token));
    header.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(header)
}

/// Forgeries signed by the attacker under `members`.
pub(super) fn by_attacker(kind: Kind, token: &Compact, name: String, members: Vec<(&'static str, Value)>) -> Option<Forgery> {
    attacker::signed(kind, token, &header(kind, token, members)).map(|forged| Forgery::fatal(name, forged))
}

/// `jwk` in the header (RFC 7515, 4.1.3): the token brings its own key.
pub(super) async fn jwk(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let forged = |kind: Kind| {
        let jwk = attacker::jwk(kind, "attacker")?;
        let plain = by_attacker(kind, &token, format!("jwk {}", kind.name()), vec![("jwk", jwk.clone())]);
        let named =
            by_attacker(kind, &token, format!("jwk {} with kid", kind.name()), vec![("kid", json!("attacker")), ("jwk", jwk)]);
        Some((plain?, named?))
    };
    let (plain, named): (Vec<_>, Vec<_>) = Kind::ALL.into_iter().filter_map(forged).unzip();
    refused(&cx, "tokens that bring their own key", [plain, cx.telling(named, 1)].concat()).await
}

/// `x5c`, `x5t` and `x5t#S256` of a self-signed certificate (RFC 7515, 4.1.6 to 4.1.8).
pub(super) async fn x5c(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let chain = || ("x5c", json!([attacker::certificate()]));
    let prints = || attacker::thumbprints().map(|(name, print)| (name, json!(print)));
    let [sha1, _] = prints();
    let forgeries = [
        ("x5c, self-signed", vec![chain()]),
        ("x5c and its thumbprints", [vec![chain()], prints().into()].concat()),
        ("x5c and its SHA-1 thumbprint", vec![chain(), sha1]),
        ("thumbprints alone", prints().into()),
        ("an empty x5c", vec![("x5c", json!([]))]),
        ("x5c that is no certificate", vec![("x5c", json!(["bm90IGEgY2VydGlmaWNhdGU="]))]),
    ];
    let forged = forgeries.into_iter().filter_map(|(name, members)| by_attacker(Kind::Rsa, &token, name.to_owned(), members));
    refused(&cx, "tokens that bring their own certificate", cx.telling(forged, 2)).await
}

/// Key ids, and the key that a careless look-up of each would end in.
fn key_ids() -> Vec<(String, Value, &'static [u8])> {
    let text = |kid: &str, key: &'static [u8]| (format!("kid {kid:?}"), json!(kid), key);
    let mut all = vec![
        text("/dev/null", b""),
        text("../../../../../../../../dev/null", b""),
        // Libraries refuse an empty secret by now; this file has the same text everywhere.
        text("../../../../../../../../proc/sys/kernel/ostype", b"Linux\n"),
        text("/proc/sys/kernel/ostype", b"Linux\n"),
        text("missing' UNION SELECT 'x'-- ", b"x"),
        text("missing\" UNION SELECT 'x'-- ", b"x"),
        text("0 UNION SELECT 'x'", b"x"),
        text("__proto__", b""),
        text("missing", b""),
        text("missing", b"undefined"),
        text("a\0b", b""),
        text("", b""),
        ("kid as an object".to_owned(), json!({ "$ne": null }), b"".as_slice()),
        text("..%2f..%2f..%2f..%2fdev%2fnull", b""),
        text("file:///dev/null", b""),
        text("' OR '1'='1", b""),
        text("*)(uid=*))(|(uid=*", b""),
        text("constructor", b""),
        text("null", b""),
        text("$(true)", b""),
    ];
    all.extend([
        ("kid as an empty array".to_owned(), json!([]), b"".as_slice()),
        ("kid as an array of null".to_owned(), json!([null]), b""),
        ("kid null".to_owned(), json!(null), b""),
        ("kid 0".to_owned(), json!(0), b""),
        ("kid true".to_owned(), json!(true), b""),
        ("kid of 8 KiB".to_owned(), json!("k".repeat(8 * 1024)), b""),
    ]);
    all
}

/// Key ids that lead astray, signed with the key that they would lead to.
pub(super) async fn kid(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let forged = |(index, (name, kid, key)): (usize, (String, Value, &[u8]))| {
        let header = header(Kind::Oct, &token, [("kid", kid)]);
        Forgery::fatal(format!("{name} (#{})", index + 1), token.with_header(&header).signed(Algorithm::Hs256, key).token())
    };
    refused(&cx, "key ids that lead astray", cx.telling(key_ids(), 10).into_iter().enumerate().map(forged).collect()).await
}

/// Order of P-256 (FIPS 186-5; SEC 2, 2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e,
    0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The four numbers on which a careless ECDSA stumbles: 0, 1, n - 1 and n.
fn edge_numbers() -> [(&'static str, [u8; 32]); 4] {
    let (mut one, mut below) = ([0; 32], P256_ORDER);
    if let (Some(last), Some(end)) = (one.last_mut(), below.last_mut()) {
        *last = 1;
        *end -= 1;
    }
    [("0", [0; 32]), ("1", one), ("n-1", below), ("n", P256_ORDER)]
}

/// How the names of signatures end whose two numbers are equal.
const EQUAL: [&str; 4] = ["r = 0, s = 0", "r = 1, s = 1", "r = n, s = n", "r = n-1, s = n-1"];

/// Blank ECDSA signatures (CVE-2022-21449), in the form of JWS and in DER.
pub(super) async fn psychic(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let kid = own_kid(&token);
    let under = |alg: &str| {
        let mut header = json!({ "alg": alg, "typ": own_type(&token) });
        if let (Some(kid), Some(members)) = (&kid, header.as_object_mut()) {
            members.insert("kid".into(), json!(kid));
        }
        token.with_header(&header)
    };
    let mut forgeries = Vec::new();
    for (r_name, r) in edge_numbers() {
        for (s_name, s) in edge_numbers() {
            let forged = under("ES256").with_signature(encode([r, s].concat()));
            forgeries.push(Forgery::fatal(format!("ES256 with r = {r_name}, s = {s_name}"), forged.token()));
        }
    }
    // Equal numbers first: 0 and 0 is the blank signature itself.
    forgeries.sort_by_key(|forgery| !EQUAL.iter().any(|name| forgery.name.ends_with(name)));
    // Who signs with an HMAC verifies no curve, unless the token may choose, which has checks of its own.
    let [numbers, others] = if algorithm_of(&token).starts_with("HS") { [1, 2] } else { [3, 4] };
    let mut forgeries = cx.telling(forgeries, numbers);
    let zero = [0x30, 6, 2, 1, 0, 2, 1, 0];
    let blank = [
        ("ES256, zeros in DER", "ES256", zero.to_vec()),
        ("EdDSA, zeros", "EdDSA", vec![0; 64]),
        ("ES384, zeros", "ES384", vec![0; 96]),
        ("ES512, zeros", "ES512", vec![0; 132]),
    ];
    for (name, alg, bytes) in cx.telling(blank, others) {
        forgeries.push(Forgery::fatal(name, under(alg).with_signature(encode(bytes)).token()));
    }
    refused(&cx, "blank signatures", forgeries).await
}

/// HMAC with a public key of the service as its secret (RFC 8725, 2.1), in every form in which a verifier might hold it.
pub(super) async fn confusion(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let PublicKeys { known, seen } = public_key::of_service(&cx).await?;
    if known.is_empty() && algorithm_of(&token).starts_with("HS") {
        let summary = "tokens are signed by an HMAC, and no public key is published that could be taken for its secret";
        return Ok(Outcome::of(summary, seen));
    }
    if known.is_empty() {
        let places = public_key::PATHS.join(", ");
        return Ok(Outcome::skip(format!(
            "the public key is not known: declare `tokens.public_key` or `paths.jwks` (there is no key set at {places})"
        )));
    }
    refused(&cx, "HMACs with a public key", known.iter().flat_map(|known| confused(&token, known)).collect()).await
}

/// HS256 with each form of one public key; with its PEM also the longer HMACs, and under the key id by which a verifier looks it up.
fn confused(token: &Compact, known: &Known) -> Vec<Forgery> {
    let kid = known.key.kid().map(str::to_owned).or_else(|| own_kid(token));
    let mut forgeries = Vec::new();
    for (form, secret) in known.key.forms() {
        let longer: &[Algorithm] = if *form == "as PEM" { &[Algorithm::Hs384, Algorithm::Hs512] } else { &[] };
        for algorithm in [Algorithm::Hs256].iter().chain(longer) {
            let members = kid.iter().map(|kid| ("kid", json!(kid)));
            let header = with(header(Kind::Oct, token, members).as_object().unwrap_or(&Map::new()), "alg", algorithm.name());
            let name = format!("{} with {} {form}", algorithm.name(), known.from);
            forgeries.push(Forgery::fatal(name, token.with_header(&header).signed(*algorithm, secret).token()));
        }
    }
    forgeries
}

/// The key id of a token, where it names one as text.
fn own_kid(token: &Compact) -> Option<String> {
    token.header_json()?.get("kid")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::usual(json!({ "alg": "HS256", "typ": "JWT" }), "JWT")]
    #[case::of_access_tokens(json!({ "alg": "HS256", "typ": "at+jwt" }), "at+jwt")]
    #[case::none(json!({ "alg": "HS256" }), "JWT")]
    fn a_forgery_is_of_the_type_that_the_service_gives_its_tokens(#[case] own: Value, #[case] typ: &str) {
        let token = Compact { header: encode(own.to_string()), payload: encode("{}"), signature: encode("s") };
        let forged = header(Kind::Rsa, &token, [("jwk", json!({}))]);
        assert_eq!(forged, json!({ "alg": Kind::Rsa.alg(), "typ": typ, "jwk": {} }));
    }
}
