//! The declared place of the token: what stands there instead of one, under which scheme, and beside which other.

use crate::checks::jwt::ask::{not_bearer, of_a, refusal};
use crate::checks::jwt::forgery::flipped;
use crate::checks::{Case, Checked, Context, Outcome, battery};
use crate::http::{Credential, Probe};
use crate::run::Finding;

/// What clients send when they have no token and do not notice.
const LITERALS: [&str; 12] =
    ["null", "undefined", "true", "{}", "0", "None", "nil", "false", "[]", "[object Object]", "NaN", "Bearer"];

/// What developers put in the place of a token, and leave in the code.
const STAND_INS: [&str; 10] =
    ["test-token", "dev-token", "mock_token", "mock-token", "test", "token", "dev", "demo-token", "fake-token", "admin"];

/// Literals in the place of a token, and the mere name of A.
pub(in crate::checks::jwt) async fn literal(cx: Context) -> Checked {
    let path = cx.read_path(cx.a()?);
    let literal =
        |text: &str| Case::new(format!("the literal {text}"), Probe::get(&path).bearer(&Credential::new(text, text.to_owned())));
    let mut cases: Vec<_> = cx.telling(LITERALS, 2).into_iter().map(literal).collect();
    cases.extend(cx.telling(STAND_INS, 2).into_iter().map(literal));
    if let Some(subject) = cx.a()?.subject.as_deref().filter(|subject| subject.chars().all(|c| c.is_ascii_graphic())) {
        cases.extend([subject.to_owned(), format!("user_{subject}")].iter().map(|name| literal(name)));
    }
    if not_bearer(&cx).is_none() {
        for value in cx.telling(["", "Bearer ", "null", "Basic Og==", "Bearer", "bearer", "undefined"], 2) {
            cases.push(Case::new(format!("Authorization: {value:?}"), Probe::get(&path).header("authorization", value)));
        }
    }
    // What is no token at all may be taken for none, or for a bad one.
    let expected = &cx.target.policy.unauthenticated.or(&cx.target.policy.refused_token);
    battery(&cx, "literals in the place of a token", cases, |_, answer| refusal(expected, Finding::Broken, answer)).await
}

/// Prefixes before a good token, with what accepting each comes to (RFC 9110, 11.1: schemes are case-insensitive; RFC 6750, 2.1: one
/// space or more).
const SCHEMES: [(&str, &str, Finding); 13] = [
    ("no scheme", "", Finding::Weak),
    ("scheme of random letters", "Qzxv ", Finding::Weak),
    ("scheme Token", "Token ", Finding::Weak),
    ("Bearer without a space", "Bearer", Finding::Weak),
    ("a tab", "Bearer\t", Finding::Weak),
    ("lower-case bearer", "bearer ", Finding::Held),
    ("two spaces", "Bearer  ", Finding::Held),
    ("scheme Basic", "Basic ", Finding::Weak),
    ("scheme Digest", "Digest ", Finding::Weak),
    ("scheme JWT", "JWT ", Finding::Weak),
    ("colon after Bearer", "Bearer: ", Finding::Weak),
    ("Bearer twice", "Bearer Bearer ", Finding::Weak),
    ("upper-case BEARER", "BEARER ", Finding::Held),
];

/// A good token under other schemes and spacing.
pub(in crate::checks::jwt) async fn scheme(cx: Context) -> Checked {
    if let Some(reason) = not_bearer(&cx) {
        return Ok(Outcome::skip(reason));
    }
    let a = cx.a()?;
    let path = cx.read_path(a);
    let case = |(name, prefix, _): &(&str, &str, Finding)| {
        Case::new(*name, Probe::get(&path).secret_header("authorization", prefix, &a.token))
    };
    let mut cases: Vec<_> = cx.telling(&SCHEMES, 5).into_iter().map(case).collect();
    cases.extend(
        cx.telling(unproven(a.subject.as_deref().unwrap_or("admin")), 2)
            .into_iter()
            .chain(
                a.other_names().map(|name| {
                    ("Basic with the name that A signs in with, and any password", basic(&format!("{name}:postflight")))
                }),
            )
            .map(|(name, value)| Case::new(name, Probe::get(&path).header("authorization", value))),
    );
    battery(&cx, "schemes and spacings", cases, |case, answer| {
        let accepted = SCHEMES.iter().find(|(name, ..)| *name == case.name).map_or(Finding::Broken, |(.., accepted)| *accepted);
        refusal(&cx.target.policy.refused_token, accepted, answer)
    })
    .await
}

/// Credentials of other schemes that name A and prove nothing.
fn unproven(subject: &str) -> [(&'static str, String); 4] {
    [
        ("Basic with the name of A and no password", basic(&format!("{subject}:"))),
        ("Basic with the name of A twice", basic(&format!("{subject}:{subject}"))),
        ("Basic admin:admin", basic("admin:admin")),
        ("Negotiate without a ticket", "Negotiate Og==".into()),
    ]
}

/// A pair of name and password (RFC 7617, 2).
fn basic(pair: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// Two credentials in one request.
pub(in crate::checks::jwt) async fn duplicate(cx: Context) -> Checked {
    if let Some(reason) = not_bearer(&cx) {
        return Ok(Outcome::skip(reason));
    }
    let a = cx.a()?;
    let bad = match of_a(&cx) {
        Ok(token) => Credential::new("<A's token, one bit of the signature flipped>", flipped(&token, 0).token()),
        Err(_) => Credential::new("<A's token in reverse>", a.token.expose().chars().rev().collect::<String>()),
    };
    let pair = |one: &Credential, two: &Credential| {
        let first = Probe::get(cx.read_path(a)).secret_header("authorization", "Bearer ", one);
        first.secret_header("authorization", "Bearer ", two)
    };
    let joined = |one: &Credential, two: &Credential| {
        let name = format!("{}, Bearer {}", one.name(), two.name());
        let value = Credential::new(name, format!("{}, Bearer {}", one.expose(), two.expose()));
        Probe::get(cx.read_path(a)).secret_header("authorization", "Bearer ", &value)
    };
    let cases = vec![
        Case::new("two headers: good, then bad", pair(&a.token, &bad)),
        Case::new("two headers: bad, then good", pair(&bad, &a.token)),
        Case::new("joined by a comma: good, then bad", joined(&a.token, &bad)),
        Case::new("two headers: both bad", pair(&bad, &bad)),
        Case::new("joined by a comma: bad, then good", joined(&bad, &a.token)),
    ];
    battery(&cx, "pairs of credentials", cx.telling(cases, 4), |case, answer| {
        let accepted = if case.name.ends_with("both bad") { Finding::Broken } else { Finding::Weak };
        refusal(&cx.target.policy.refused_token, accepted, answer)
    })
    .await
}
