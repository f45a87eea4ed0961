//! Whom a token is for and from: `aud` and `iss`, and spellings that a careless comparison takes for the right ones.

use serde_json::{Value, json};

use super::Minter;
use crate::checks::jwt::ask::{Forgery, refused};
use crate::checks::{Checked, Context, Outcome};

/// Spellings that are not `wanted`, but that a careless comparison takes for it.
fn near(wanted: &str) -> Vec<(&'static str, Value)> {
    let shorter: String = wanted.chars().take(wanted.chars().count().saturating_sub(1)).collect();
    let upper = if wanted.to_uppercase() == wanted { wanted.to_lowercase() } else { wanted.to_uppercase() };
    let all = [
        ("of somebody else", json!("https://somebody-else.example")),
        ("one character short", json!(shorter)),
        ("with a look-alike domain", json!(format!("{wanted}.evil.example"))),
        ("inside another text", json!(format!("https://evil.example/{wanted}"))),
        (
            "with a trailing slash",
            json!(if let Some(bare) = wanted.strip_suffix('/') { bare.to_owned() } else { format!("{wanted}/") }),
        ),
        ("in another letter case", json!(upper)),
        ("a list of something near", json!([shorter, format!("{wanted}x")])),
        ("null", Value::Null),
        ("a list of somebody else", json!(["https://somebody-else.example"])),
        ("empty", json!("")),
        ("one character long", json!(format!("{wanted}x"))),
        ("with a space before", json!(format!(" {wanted}"))),
        ("as user information", json!(format!("{wanted}@evil.example"))),
        ("in a list of words", json!(format!("evil {wanted}"))),
        ("with a comma", json!(format!("evil,{wanted}"))),
        ("an asterisk", json!("*")),
        ("true", json!(true)),
        ("0", json!(0)),
        ("an object", json!({ "value": wanted })),
        ("an empty list", json!([])),
    ];
    all.into_iter().filter(|(_, value)| value.as_str() != Some(wanted)).collect()
}

/// Tokens for another audience (RFC 7519, 4.1.3; RFC 8725, 3.9).
pub(in crate::checks::jwt) async fn aud(cx: Context) -> Checked {
    let Some(audience) = cx.target.policy.audience.as_deref() else {
        return Ok(Outcome::skip("no audience is declared; set `policy.audience` in postflight.toml if the service requires one"));
    };
    let minter = Minter::of(&cx).await?;
    let mut forgeries = cx.telling(wrong(&minter, "aud", audience), 8);
    forgeries.push(Forgery::harmless("aud a list with the right one in it", minter.with("aud", json!(["other", audience]))));
    refused(&cx, "audiences", forgeries).await
}

/// Tokens of another issuer (RFC 7519, 4.1.1; RFC 8725, 3.8).
pub(in crate::checks::jwt) async fn iss(cx: Context) -> Checked {
    let Some(issuer) = cx.target.policy.issuer.as_deref() else {
        return Ok(Outcome::skip("no issuer is declared; set `policy.issuer` in postflight.toml if the service requires one"));
    };
    let minter = Minter::of(&cx).await?;
    let mut forgeries = cx.telling(wrong(&minter, "iss", issuer), 7);
    forgeries.push(Forgery::lenient("iss a list with the right one in it", minter.with("iss", json!(["other", issuer]))));
    refused(&cx, "issuers", forgeries).await
}

fn wrong(minter: &Minter<'_>, name: &str, wanted: &str) -> Vec<Forgery> {
    let mut forgeries = vec![Forgery::fatal(format!("no {name}"), minter.without(name))];
    forgeries
        .extend(near(wanted).into_iter().map(|(what, value)| Forgery::fatal(format!("{name} {what}"), minter.with(name, value))));
    forgeries
}
