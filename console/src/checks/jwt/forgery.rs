//! Forgeries made of A's token alone: no signature, no algorithm, another payload, a damaged signature. None needs the key.

use serde_json::{Value, json};

use crate::checks::{Checked, Context};
use crate::token::{Compact, decode, encode};

use super::ask::{Forgery, algorithm_of, claims_with, header_with, of_a, refused, refused_at, without};
use super::attacker;
use super::keys::own_type;

/// Spellings of "no algorithm" that a comparison may let slip (RFC 8725, 2.1).
const NONE: [&str; 8] = ["none", "None", "NONE", "nOnE", "none\0", "none ", " none", "\u{ff4e}one"];

/// `alg: none` in every spelling without a signature; the plain one also with the old signature and without the last dot, and in an
/// exhaustive run every one.
pub(super) async fn none(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let spelt = |alg: &str| unsigned(&token, &format!("alg {alg:?}"), &header_with(&token, "alg", alg));
    let mut forgeries: Vec<_> = spelt("none").into();
    forgeries.extend(cx.telling(NONE.iter().skip(1), 4).into_iter().flat_map(|alg| cx.telling(spelt(alg), 1)));
    let (own, typ) = (algorithm_of(&token), own_type(&token));
    for (name, header) in [
        ("alg twice, none last", format!(r#"{{"alg":"{own}","typ":{typ},"alg":"none"}}"#)),
        ("alg twice, none first", format!(r#"{{"alg":"none","typ":{typ},"alg":"{own}"}}"#)),
        ("a member ALG beside alg", format!(r#"{{"ALG":"none","typ":{typ}}}"#)),
    ] {
        let forged = Compact { header: encode(header), ..token.clone() };
        forgeries.push(Forgery::fatal(format!("{name}, empty signature"), forged.with_signature("").token()));
    }
    refused(&cx, "unsigned tokens", forgeries).await
}

/// A header in three forms that carry no valid signature.
fn unsigned(token: &Compact, name: &str, header: &Value) -> [Forgery; 3] {
    let forged = token.with_header(header);
    [
        Forgery::fatal(format!("{name}, empty signature"), forged.with_signature("").token()),
        Forgery::fatal(format!("{name}, A's signature"), forged.token()),
        Forgery::fatal(format!("{name}, no last dot"), forged.signing_input()),
    ]
}

/// A header whose `alg` is not a string, or not there.
pub(super) async fn alg_missing(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let header = token.header_json().unwrap_or_default();
    let odd =
        [json!(null), json!(""), json!(["none"]), json!(0), json!(["HS256"]), json!([]), json!({"name": "none"}), json!(false)];
    let mut headers = vec![("no alg".to_owned(), without(&header, "alg")), ("an empty header".to_owned(), json!({}))];
    headers.extend(odd.into_iter().map(|alg| (format!("alg {alg}"), header_with(&token, "alg", alg))));
    let forged = |(index, (name, header)): (usize, (String, Value))| {
        let [empty, kept, _] = unsigned(&token, &name, &header);
        cx.telling([empty, kept], if index == 0 { 2 } else { 1 })
    };
    let forgeries = cx.telling(headers, 5).into_iter().enumerate().flat_map(forged);
    refused(&cx, "tokens without an algorithm", forgeries.collect()).await
}

/// Algorithms that do not exist, or are none of JWS.
const UNKNOWN: [&str; 16] = [
    "foo",
    "HS257",
    "dir",
    "*",
    "XX256",
    "HMAC",
    "SHA256",
    "MD5",
    "plain",
    "null",
    "undefined",
    "HS0",
    "RS1",
    "A256KW",
    "JWT",
    "None256",
];

/// An unknown algorithm without a signature: what a verifier does when its table has no entry.
pub(super) async fn alg_unknown(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let forged = |alg: &&str| {
        let forged = token.with_header(&header_with(&token, "alg", *alg)).with_signature("");
        Forgery::fatal(format!("alg {alg:?}, empty signature"), forged.token())
    };
    refused(&cx, "tokens of unknown algorithms", cx.telling(&UNKNOWN, 3).into_iter().map(forged).collect()).await
}

/// Names of real algorithms, in their own spelling and in others.
const REAL: [&str; 16] = [
    "RS256", "PS256", "ES256", "HS512", "EdDSA", "hs256", "HS256", "HS384", "RS384", "RS512", "ES384", "ES512", "ES256K",
    "Ed25519", "Hs256", "HS256 ",
];

/// Another algorithm over the same bytes: A's signature cannot be right for it, nor can an empty one.
pub(super) async fn alg_swapped(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let own = algorithm_of(&token);
    // Two names of one algorithm (RFC 8037, 3.1; RFC 9864, 2.2): the signature is right under both.
    let same = |alg: &str| ["EdDSA", "Ed25519"].contains(&alg) && ["EdDSA", "Ed25519"].contains(&own.as_str());
    let swapped = REAL.iter().filter(|alg| **alg != own && !same(alg));
    let (empty, kept): (Vec<_>, Vec<_>) = swapped
        .map(|alg| unsigned(&token, &format!("alg {alg:?}"), &header_with(&token, "alg", *alg)))
        .map(|[empty, kept, _]| (empty, kept))
        .unzip();
    refused(&cx, "tokens under another algorithm", [cx.telling(empty, 5), cx.telling(kept, 3)].concat()).await
}

/// Other claims under A's signature.
pub(super) async fn payload(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    // Ten years behind its own end, or it would be the good token where tokens live as long as that.
    let end = token.claims().and_then(|claims| claims.get("exp")?.as_i64());
    let far = end.unwrap_or_else(|| super::claims::now().unix_timestamp()).saturating_add(315_360_000);
    let changed = [
        ("exp ten years later", claims_with(&token, "exp", far)),
        ("role admin", claims_with(&token, "role", "admin")),
        ("another subject", claims_with(&token, "sub", cx.random("subject"))),
        ("scope admin", claims_with(&token, "scope", "admin")),
        ("an added claim", claims_with(&token, "is_admin", true)),
    ];
    let mut forgeries: Vec<_> = cx
        .telling(changed, 2)
        .into_iter()
        .map(|(name, claims)| Forgery::fatal(format!("{name}, A's signature"), token.with_claims(&claims).token()))
        .collect();
    if let Some(spaced) = token.claims().and_then(|claims| serde_json::to_string_pretty(&claims).ok()) {
        let forged = Compact { payload: encode(spaced), ..token.clone() };
        forgeries.push(Forgery::fatal("the same claims with other white space, A's signature", forged.token()));
    }
    let Some(b) = &cx.users.b else { return refused(&cx, "changed payloads", forgeries).await };
    forgeries.extend(as_b(&token, b));
    refused_at(&cx, "changed payloads", &cx.read_path(b), forgeries).await
}

/// B's identity under A's signature.
fn as_b(token: &Compact, b: &crate::checks::User) -> Vec<Forgery> {
    let subject = b.claimed_subject().map(|subject| token.with_claims(&claims_with(token, "sub", subject)).token());
    let whole = Compact::parse(b.token.expose()).map(|b| Compact { payload: b.payload, ..token.clone() }.token());
    let named = |name: &str, forged: Option<String>| forged.map(|forged| Forgery::fatal(name, forged));
    [named("sub of B, A's signature", subject), named("B's payload, A's header and signature", whole)]
        .into_iter()
        .flatten()
        .collect()
}

/// No signature where one belongs, under A's own header.
pub(super) async fn stripped(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let mut forgeries = vec![Forgery::fatal("no last part", token.signing_input())];
    let fillers = ["", "null", "AA", "=", "e30", "undefined", "none", "-", "_", "*", "0"];
    forgeries.extend(
        cx.telling(fillers, 3)
            .into_iter()
            .map(|text| Forgery::fatal(format!("signature {text:?}"), token.with_signature(text).token())),
    );
    let other = token.with_claims(&claims_with(&token, "exp", super::claims::now().unix_timestamp() + 600)).with_signature("");
    forgeries.push(Forgery::fatal("another exp, empty signature", other.token()));
    refused(&cx, "tokens without a signature", forgeries).await
}

/// The token with one bit of its signature flipped: bit 0 is the first.
pub(super) fn flipped(token: &Compact, bit: usize) -> Compact {
    let mut bytes = decode(&token.signature).unwrap_or_default();
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 0x80 >> (bit % 8);
    }
    token.with_signature(encode(bytes))
}

/// A's signature, damaged in every way that a comparison may overlook.
pub(super) async fn altered(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let mut forgeries = cx.telling(damaged(&token), 7);
    forgeries.extend(attacker::resigned(&token).map(|forged| Forgery::fatal("signature by another key of the same kind", forged)));
    let other = cx.users.b.as_ref().and_then(|b| Compact::parse(b.token.expose()));
    if let Some(other) = other.filter(|other| other.signature != token.signature) {
        forgeries.push(Forgery::fatal("the signature of B's token", token.with_signature(other.signature).token()));
    }
    refused(&cx, "damaged signatures", forgeries).await
}

fn damaged(token: &Compact) -> Vec<Forgery> {
    use sha2::{Digest as _, Sha256};
    let signature = decode(&token.signature).unwrap_or_default();
    let length = signature.len();
    let cut = |keep: usize| encode(signature.get(..keep).unwrap_or_default());
    let reversed: Vec<u8> = signature.iter().rev().copied().collect();
    let doubled = [signature.as_slice(), signature.as_slice()].concat();
    let longer = [signature.as_slice(), &[0]].concat();
    let bit = |bit: usize| flipped(token, bit).signature;
    let all = vec![
        ("last bit flipped", bit((length * 8).saturating_sub(1))),
        ("first bit flipped", bit(0)),
        ("cut to half", cut(length / 2)),
        ("cut to one byte", cut(1)),
        ("a zero byte longer", encode(longer)),
        ("all zeros", encode(vec![0; length])),
        ("SHA-256 of the input, without a key", encode(Sha256::digest(token.signing_input()))),
        ("of the wrong letter case", swap_case(&token.signature)),
        ("middle bit flipped", bit(length * 4)),
        ("cut by one byte", cut(length.saturating_sub(1))),
        ("cut by four bytes", cut(length.saturating_sub(4))),
        ("cut to eight bytes", cut(8)),
        ("all ones", encode(vec![0xff; length])),
        ("bytes reversed", encode(reversed)),
        ("doubled", encode(doubled)),
    ];
    let changed = all.into_iter().filter(|(_, altered)| *altered != token.signature);
    changed.map(|(name, altered)| Forgery::fatal(format!("signature {name}"), token.with_signature(altered).token())).collect()
}

fn swap_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The same signature bytes under another base64 text.
pub(super) async fn encoding(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let (same, nothing) = encodings(&token);
    let forgeries = [cx.telling(same, 4), cx.telling(nothing, 2)].concat();
    refused(&cx, "other encodings of the same signature", forgeries).await
}

/// Texts that a lenient decoder takes for the same bytes, and texts that it takes for none.
fn encodings(token: &Compact) -> (Vec<Forgery>, Vec<Forgery>) {
    let text = token.signature.as_str();
    let (left, right) = text.split_at_checked(text.len() / 2).unwrap_or((text, ""));
    let mut all = vec![
        ("with = padding", format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))),
        ("in the standard alphabet", text.replace('-', "+").replace('_', "/")),
    ];
    all.extend(stray_bits(text).map(|altered| ("with its unused last bits set", altered)));
    all.extend([
        ("with a space inside", format!("{left} {right}")),
        ("with an exclamation mark inside", format!("{left}!{right}")),
        ("with a character more", format!("{text}A")),
        ("with too much padding", format!("{text}====")),
        ("with %3D padding", format!("{text}%3D")),
        ("with %00 and more behind", format!("{text}%00x")),
        ("with %0a behind", format!("{text}%0a")),
        ("with a tab inside", format!("{left}\t{right}")),
        ("with an exclamation mark behind", format!("{text}!")),
    ]);
    let altered =
        |(name, altered): (&str, String)| Forgery::lenient(format!("the signature {name}"), token.with_signature(altered).token());
    let nothing =
        |text: &str| Forgery::fatal(format!("{text:?} in its place, which decodes to nothing"), token.with_signature(text).token());
    let changed = all.into_iter().filter(|(_, altered)| altered != text);
    (changed.map(altered).collect(), ["****", "A", "&&&&====", "%%%%", "\"\"", "\u{e9}\u{e9}"].map(nothing).into())
}

/// Sets the bits of the last character that encode nothing (RFC 4648, 3.5); `None` where there are none.
fn stray_bits(text: &str) -> Option<String> {
    let unused = match text.len() % 4 {
        2 => 0b1111,
        3 => 0b11,
        _ => return None,
    };
    let (rest, last) = text.split_at_checked(text.len() - 1)?;
    let value = ALPHABET.iter().position(|c| last.as_bytes() == [*c])?;
    let altered = ALPHABET.get(value | unused)?;
    Some(format!("{rest}{}", char::from(*altered)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Compact {
        let unsigned =
            Compact { header: encode(r#"{"alg":"HS256"}"#), payload: encode(r#"{"sub":"a"}"#), signature: String::new() };
        unsigned.signed(crate::target::Algorithm::Hs256, b"a key of the test")
    }

    #[test]
    fn no_damage_leaves_the_signature_as_it_was() {
        let token = token();
        for forgery in damaged(&token) {
            let forged = Compact::parse(&forgery.token).unwrap();
            assert_ne!(decode(&forged.signature), decode(&token.signature), "{}", forgery.name);
        }
    }

    #[test]
    fn stray_bits_change_the_text_and_not_the_bytes() {
        let token = token();
        let altered = stray_bits(&token.signature).unwrap();
        assert_ne!(altered, token.signature);
        let lenient = base64::engine::GeneralPurpose::new(
            &base64::alphabet::URL_SAFE,
            base64::engine::general_purpose::NO_PAD.with_decode_allow_trailing_bits(true),
        );
        assert_eq!(base64::Engine::decode(&lenient, altered).ok(), decode(&token.signature));
    }

    #[test]
    fn no_name_of_a_forgery_shows_the_signature() {
        let token = token();
        let (same, nothing) = encodings(&token);
        for forgery in [damaged(&token), same, nothing].concat() {
            assert!(!forgery.name.contains(&token.signature[..8]), "{}", forgery.name);
        }
    }
}
