//! Hostile but signed: headers that ask for more, JSON that is hardly JSON, tokens of a size nobody needs.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::checks::{Checked, Context, Forge, Outcome};
use crate::http::{Answer, Credential, Probe, Trouble, evidence};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::token::encode;

use super::ask::{Forgery, algorithm_of, header_with, of_a, refused, with, without};
use super::claims::Minter;

/// A header with several members set.
fn with_all(header: &Map<String, Value>, members: &[(&str, Value)]) -> Value {
    let mut header = header.clone();
    header.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(header)
}

/// Good tokens under another name for their algorithm, or signed by a sibling of it (RFC 8725, 3.1 and 3.2).
pub(super) async fn alg_pinned(cx: Context) -> Checked {
    let (minter, forge) = (Minter::of(&cx).await?, cx.forge()?);
    let key = &forge.mint().key;
    let own = key.algorithm().name();
    let claims = encode(Value::Object(minter.claims()).to_string());
    let under = |alg: &str| encode(with(&minter.header(), "alg", alg).to_string());
    let signed = key.sign_as_siblings(|alg| format!("{}.{claims}", under(alg)).into_bytes());
    let mut forgeries = Vec::new();
    for (alg, signature) in signed {
        let forged = format!("{}.{claims}.{}", under(alg), encode(signature));
        forgeries.push(Forgery::lenient(format!("{alg} with the same key"), forged));
        forgeries.push(Forgery::lenient(format!("{alg} in name only"), forge.sign_encoded(&under(alg), &claims)));
    }
    let lower = own.to_lowercase();
    let others = [lower.as_str(), "none", "HS256", "RS256", "ES256", "foo", ""].into_iter().filter(|alg| *alg != own);
    for alg in cx.telling(others, 2) {
        forgeries.push(Forgery::lenient(format!("alg {alg:?} over a good signature"), forge.sign_encoded(&under(alg), &claims)));
    }
    let header = encode(Value::Object(minter.header()).to_string());
    forgeries.push(Forgery::fatal("a signature that does not cover the header", over(forge, &header, &claims, &claims)));
    forgeries.push(Forgery::fatal("a signature that does not cover the payload", over(forge, &header, &claims, &header)));
    let bare = encode(without(&minter.header(), "alg").to_string());
    forgeries.push(Forgery::lenient("no alg over a good signature", forge.sign_encoded(&bare, &claims)));
    refused(&cx, "other algorithms under the good key", forgeries).await
}

/// A token whose signature is made over `input` alone.
fn over(forge: &Forge, header: &str, payload: &str, input: &str) -> String {
    format!("{header}.{payload}.{}", encode(forge.mint().key.sign(input.as_bytes())))
}

/// Header members that change what a token means, over a good signature: critical extensions, other kinds, nesting, compression.
pub(super) async fn meaning(cx: Context) -> Checked {
    let (minter, forge) = (Minter::of(&cx).await?, cx.forge()?);
    let claims = Value::Object(minter.claims());
    let headed = extended(&minter.header())
        .into_iter()
        .map(|(name, accepted, header)| Forgery { accepted, ..Forgery::fatal(name, forge.sign(&header, &claims)) });
    let forgeries = [cx.telling(headed, 4), cx.telling(wrapped(&minter, forge), 4)].concat();
    refused(&cx, "headers that change the meaning", forgeries).await
}

/// Good headers with members that ask for more: `crit` (RFC 7515, 4.1.11), `b64` (RFC 7797, 3), `typ` (RFC 8725, 3.11).
fn extended(header: &Map<String, Value>) -> Vec<(String, Finding, Value)> {
    let critical = [
        ("crit names an unknown extension", vec![("crit", json!(["x-postflight"])), ("x-postflight", json!(true))]),
        ("crit is empty", vec![("crit", json!([]))]),
        ("b64 false over an encoded payload", vec![("crit", json!(["b64"])), ("b64", json!(false))]),
        ("crit names a member that is not there", vec![("crit", json!(["x-postflight"]))]),
        ("crit is a text", vec![("crit", json!("exp")), ("exp", json!(1))]),
        ("crit names alg", vec![("crit", json!(["alg"]))]),
    ];
    let kinds = [json!("refresh+jwt"), json!("logout+jwt"), json!("dpop+jwt"), json!("secevent+jwt")];
    let mut all: Vec<_> =
        critical.into_iter().map(|(name, members)| (name.to_owned(), Finding::Weak, with_all(header, &members))).collect();
    let mut kinds = kinds.into_iter().map(|typ| (format!("typ {typ}"), Finding::Weak, with(header, "typ", typ)));
    all.splice(3..3, kinds.by_ref().take(2));
    all.extend(kinds);
    all.push(("typ \"at+jwt\"".into(), Finding::Held, with(header, "typ", "at+jwt")));
    all.push(("no typ".into(), Finding::Held, without(header, "typ")));
    all.extend([json!(1), json!(["JWT"])].map(|typ| (format!("typ {typ}"), Finding::Held, with(header, "typ", typ))));
    all
}

/// Tokens inside tokens, and compressed ones (RFC 7519, 5.2; RFC 8725, 2.8 and 3.6).
fn wrapped(minter: &Minter<'_>, forge: &Forge) -> Vec<Forgery> {
    let claims = Value::Object(minter.claims()).to_string();
    let good = minter.sign(&Value::Object(minter.claims()));
    let bytes = |members: &[(&str, Value)], payload: &[u8]| {
        forge.sign_bytes(with_all(&minter.header(), members).to_string().as_bytes(), payload)
    };
    let (cty, zip) = ([("cty", json!("JWT"))], [("zip", json!("DEF"))]);
    vec![
        Forgery::fatal("a token as the payload", bytes(&cty, good.as_bytes())),
        Forgery::lenient("cty JWT over plain claims", bytes(&cty, claims.as_bytes())),
        Forgery::lenient("zip over plain claims", bytes(&zip, claims.as_bytes())),
        Forgery::fatal("a token as the payload, not announced", bytes(&[], good.as_bytes())),
        Forgery::lenient("a token as a JSON text", bytes(&cty, json!(good).to_string().as_bytes())),
        Forgery::lenient("zip over deflated claims", bytes(&zip, &stored(claims.as_bytes()))),
    ]
}

/// DEFLATE without compression: one stored block (RFC 1951, 3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut out = vec![1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(data);
    out
}

/// Encrypted tokens (RFC 7516), made without the key or with a key that is no key.
pub(super) async fn jwe(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let unsigned = token.with_header(&json!({ "alg": "none" })).with_signature("").token();
    let five = |header: &Value, key: &str, payload: &str| {
        format!("{}.{key}.{}.{}.{}", encode(header.to_string()), encode([0; 12]), encode(payload), encode([0; 16]))
    };
    let forgeries = vec![
        Forgery::fatal(
            "dir around an unsigned token",
            five(&json!({ "alg": "dir", "enc": "A128GCM", "cty": "JWT" }), "", &unsigned),
        ),
        Forgery::fatal("alg none with enc", five(&json!({ "alg": "none", "enc": "none", "cty": "JWT" }), "", &unsigned)),
        Forgery::fatal("dir with zip", five(&json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" }), "", &unsigned)),
        Forgery::fatal("dir with zip around 4 MiB of zeros", bomb()?),
        Forgery::fatal(
            "PBES2 with ten million rounds",
            five(
                &json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 10_000_000, "p2s": "AAAA" }),
                &encode([0; 24]),
                &unsigned,
            ),
        ),
        Forgery::fatal("five empty parts but the header", format!("{}....", encode(r#"{"alg":"dir","enc":"A128GCM"}"#))),
    ];
    let outcome = refused(&cx, "encrypted tokens", forgeries.clone()).await?;
    Ok(held_up(&cx, &forgeries).await?.into_iter().fold(outcome, Outcome::joined))
}

/// A token of five parts whose payload, with no key in the way, becomes 4 MiB.
fn bomb() -> Result<String, Trouble> {
    let header = json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" });
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let deflated = encoder.write_all(&vec![0; 4 << 20]).and_then(|()| encoder.finish());
    let deflated = deflated.map_err(|error| Trouble::Unexpected(error.to_string()))?;
    Ok(format!("{}..{}.{}.{}", encode(header.to_string()), encode([0; 12]), encode(deflated), encode([0; 16])))
}

/// How long a token may be worked on before it is refused.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Forgeries that were refused only after a time that a good token does not need, twice in a row.
async fn held_up(cx: &Context, forgeries: &[Forgery]) -> Result<Vec<Evidence>, Trouble> {
    let a = cx.a()?;
    let mut slow = Vec::new();
    for forgery in forgeries {
        let probe = Probe::get(cx.read_path(a)).bearer(&forgery.credential());
        if cx.once(&probe).await?.elapsed <= AT_ONCE {
            continue;
        }
        // Beside a read of the same moment: the service may be slow just now.
        let read = cx.read(a);
        let (again, read) = tokio::try_join!(cx.send(&probe), cx.send(&read))?;
        if again.elapsed > AT_ONCE.max(read.elapsed * 2) {
            let observed = format!("answered {} after {} ms: it is worked on first", again.status, again.elapsed.as_millis());
            slow.push(evidence(&again, format!("{}, once more", forgery.name), Finding::Broken, observed));
        }
    }
    Ok(slow)
}

/// The same name twice in one object (RFC 7519, 4: refuse, or take the last).
pub(super) async fn duplicate(cx: Context) -> Checked {
    let (minter, forge) = (Minter::of(&cx).await?, cx.forge()?);
    let twice = |name: &str, first: Value, second: Value| {
        let rest = without(&minter.claims(), name).to_string();
        format!("{{\"{name}\":{first},{},\"{name}\":{second}}}", rest.trim_start_matches('{').trim_end_matches('}'))
    };
    let header = Value::Object(minter.header()).to_string();
    let claims = Value::Object(minter.claims()).to_string();
    let alg = forge.mint().key.algorithm().name();
    let typ = minter.header().get("typ").cloned().unwrap_or_else(|| json!("JWT"));
    let (past, future) = (json!(minter.now - 3_600), minter.claims().get("exp").cloned().unwrap_or_default());
    let payload = |text: String| forge.sign_bytes(header.as_bytes(), text.as_bytes());
    let under = |text: String| forge.sign_bytes(text.as_bytes(), claims.as_bytes());
    let b = json!(cx.users.b.as_ref().and_then(crate::checks::User::claimed_subject).unwrap_or_else(|| cx.random("other subject")));
    let a = json!(minter.claims().get("sub"));
    let forgeries = vec![
        Forgery::fatal("exp twice: valid, then past", payload(twice("exp", future.clone(), past.clone()))),
        Forgery::harmless("exp twice: past, then valid", payload(twice("exp", past, future))),
        Forgery::harmless("sub twice: A, then B", payload(twice("sub", a, b))),
        Forgery::harmless("alg twice: right, then none", under(format!(r#"{{"alg":"{alg}","typ":{typ},"alg":"none"}}"#))),
        Forgery::harmless("alg twice: none, then right", under(format!(r#"{{"alg":"none","typ":{typ},"alg":"{alg}"}}"#))),
    ];
    refused(&cx, "repeated names", forgeries).await
}

/// Signed bytes that are not the JSON object they should be (RFC 7519, 7.2). Where tokens of nobody are let in anyway, which has a check
/// of its own, values without claims add nothing to that.
pub(super) async fn malformed(cx: Context) -> Checked {
    let (minter, forge) = (Minter::of(&cx).await?, cx.forge()?);
    let header = Value::Object(minter.header()).to_string();
    let claims = Value::Object(minter.claims()).to_string();
    let payload = |bytes: &[u8]| forge.sign_bytes(header.as_bytes(), bytes);
    let nobody = cx.once(&cx.read(cx.a()?).bearer(&Credential::new("<no sub>", minter.without_subject()))).await?.is_success();
    let accepted = if nobody { Finding::Weak } else { Finding::Broken };
    let mut forgeries: Vec<_> = cx
        .telling(["", "{\"sub\":", "{"], 2)
        .into_iter()
        .map(|text| Forgery::fatal(format!("payload {text:?}"), payload(text.as_bytes())))
        .collect();
    forgeries.extend(
        cx.telling(["null", "[]", "{}", "1", "true"], 2)
            .into_iter()
            .map(|text| Forgery { accepted, ..Forgery::fatal(format!("payload {text:?}"), payload(text.as_bytes())) }),
    );
    forgeries.push(Forgery::lenient("a text as the payload", payload(b"\"text\"")));
    forgeries.extend(cx.telling(loose(&claims), 2).into_iter().map(|(name, bytes)| Forgery::lenient(name, payload(&bytes))));
    forgeries.extend(cx.telling(widened(&claims), 1).into_iter().map(|(name, bytes)| Forgery::harmless(name, payload(&bytes))));
    forgeries.extend(
        cx.telling(["null", "", "[]", "\"HS256\"", "{"], 1)
            .into_iter()
            .map(|text| Forgery::fatal(format!("header {text:?}"), forge.sign_bytes(text.as_bytes(), claims.as_bytes()))),
    );
    refused(&cx, "payloads that are not a JSON object", forgeries).await
}

/// Claims in texts that only a lenient parser reads.
fn loose(claims: &str) -> Vec<(&'static str, Vec<u8>)> {
    let open = claims.trim_end_matches('}');
    let text = |text: String| text.into_bytes();
    let invalid = [open.as_bytes(), b",\"name\":\"\xff\xfe\"}"].concat();
    vec![
        ("garbage behind the claims", text(format!("{claims}x"))),
        ("invalid UTF-8 in a claim", invalid),
        ("a comma behind the last claim", text(format!("{open},}}"))),
        ("a NUL behind the claims", text(format!("{claims}\0"))),
        ("two objects", text(format!("{claims}{claims}"))),
        ("a comment", text(format!("/* */{claims}"))),
        ("single quotes", text(claims.replace('"', "'"))),
    ]
}

/// Claims in other encodings and depths: taking them harms nobody, falling over them does.
fn widened(claims: &str) -> Vec<(&'static str, Vec<u8>)> {
    let open = claims.trim_end_matches('}');
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(claims.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let deep = |levels: usize| format!("{open},\"deep\":{}1{}}}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
    vec![
        ("a claim 3,000 levels deep", deep(3_000)),
        ("UTF-16", wide),
        ("a lone surrogate", format!("{open},\"name\":\"\\ud800\"}}").into_bytes()),
        ("a number of 1,000 digits", format!("{open},\"n\":1{}}}", "0".repeat(1_000)).into_bytes()),
        ("a byte order mark", format!("\u{feff}{claims}").into_bytes()),
        ("a claim 100 levels deep", deep(100)),
        ("a number that is none", format!("{open},\"n\":NaN}}").into_bytes()),
    ]
}

/// Tokens of a size that nobody needs: refused within bounds, and the service lives on.
pub(super) async fn size(cx: Context) -> Checked {
    let a = cx.a()?;
    let token = of_a(&cx)?;
    let before = cx.once(&cx.read(a)).await?;
    if !before.is_success() {
        return Err(Trouble::Unexpected(format!("a good token was answered {} before any oversized one was sent", before.status)));
    }
    let nested = token.with_header(&header_with(&token, "deep", Value::Null));
    let own = algorithm_of(&token);
    let deep = format!("{{\"alg\":\"{own}\",\"deep\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let mut tokens: Vec<_> = cx
        .telling([256, 1_024, 64], 2)
        .into_iter()
        .map(|kib: usize| (format!("{kib} KiB of signature"), token.with_signature("A".repeat(kib * 1_024)).token()))
        .collect();
    tokens.push(("a header 10,000 levels deep".into(), format!("{}.{}.{}", encode(deep), nested.payload, nested.signature)));
    tokens.push(("10,000 dots".into(), ".".repeat(10_000)));
    let asked = join_all(tokens.into_iter().map(|(name, token)| {
        let probe = Probe::get(cx.read_path(a)).bearer(&Credential::new(format!("<{name}>"), token));
        let cx = &cx;
        async move { (name, cx.send(&probe).await) }
    }));
    let mut pieces = asked.await.into_iter().map(|(name, answer)| bounded(&name, answer)).collect::<Result<Vec<_>, _>>()?;
    let after = cx.send(&cx.read(a)).await?;
    let (finding, words) = if after.is_success() { (Finding::Held, "still serves") } else { (Finding::Broken, "no longer serves") };
    pieces.push(evidence(&after, "a good token afterwards", finding, format!("{words}: {}", after.status)));
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    Ok(Outcome::of(format!("{held} of {} oversized tokens refused within bounds, and the service serves on", pieces.len()), pieces))
}

/// A connection that the service closed on such a token is a refusal too.
fn bounded(name: &str, answer: Result<Answer, Trouble>) -> Result<Evidence, Trouble> {
    match answer {
        Ok(answer) => {
            let (finding, words) = match answer.status {
                200..=299 if !answer.refuses_in_words() => (Finding::Broken, "accepted"),
                500..=599 => (Finding::Weak, "refused by falling over"),
                _ => (Finding::Held, "refused"),
            };
            Ok(evidence(&answer, name, finding, format!("{words}: {}", answer.status)))
        }
        Err(trouble @ Trouble::Transport(_)) => {
            Ok(Evidence::of(EvidenceClass::Live, name, Finding::Held, format!("the connection was closed ({trouble})")))
        }
        Err(trouble @ Trouble::Timeout(_)) => Ok(Evidence::of(EvidenceClass::Live, name, Finding::Weak, trouble.to_string())),
        Err(trouble) => Err(trouble),
    }
}
