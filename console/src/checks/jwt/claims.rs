//! Claims under the service's own key: expiry, beginning, lifetime, issuer, audience, subject. Only the holder of the key can ask these.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::checks::{Case, Checked, Context, Forge, Judgement, Outcome, battery, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Finding;
use crate::target::Tokens;
use crate::token::{set, unset};

use super::ask::{Forgery, refusal, refused, with, without};

/// This machine's clock.
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Mints tokens for A around the target's own clock.
pub(super) struct Press<'a> {
    forge: &'a Forge,
    subject: String,
    /// The target's clock as its `Date` tells it, in Unix seconds.
    pub(super) now: i64,
}

impl<'a> Press<'a> {
    /// Reads the target's clock from one good answer; without a `Date`, this machine's clock has to do.
    pub(super) async fn of(cx: &'a Context) -> Result<Self, Trouble> {
        let a = cx.a()?;
        let (answer, age) = cx.once_in_turn(&cx.read(a), 0).await?;
        let date = answer.headers.text("date").and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()).map(|date| date + age);
        let subject = a.subject.clone().ok_or_else(|| Trouble::NotGiven("the subject of A is not known".into()))?;
        Ok(Self { forge: cx.forge()?, subject, now: date.unwrap_or_else(now).unix_timestamp() })
    }

    /// The header of a good token.
    pub(super) fn header(&self) -> Map<String, Value> {
        self.forge.header()
    }

    /// The claims of a good token of A.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let at = OffsetDateTime::from_unix_timestamp(self.now).unwrap_or_else(|_| now());
        self.forge.claims(&self.subject, at)
    }

    /// Signs claims under the good header.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.forge.sign(&Value::Object(self.header()), claims)
    }

    /// A good token but for one claim.
    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> String {
        self.sign(&with(&self.claims(), name, value))
    }

    /// A good token without one claim.
    pub(super) fn without(&self, name: &str) -> String {
        self.sign(&without(&self.claims(), name))
    }

    /// A token that was good until `end`: issued a whole lifetime before it, so that a service with a shortest lifetime has nothing else to
    /// object to.
    pub(super) fn ending(&self, end: i64) -> String {
        self.sign(&with(&self.aged(end), "exp", end))
    }

    /// The claims of A with a time of issue that goes with `end`, where they have one.
    fn aged(&self, end: i64) -> Map<String, Value> {
        let mut claims = self.claims();
        if let Some(iat) = claims.get_mut("iat") {
            *iat = json!(end.saturating_sub_unsigned(self.forge.mint().lifetime_secs).max(0));
        }
        claims
    }

    /// The claim that holds the subject.
    fn subject_claim(&self) -> &str {
        &self.forge.mint().subject_claim
    }

    /// A good token of somebody else.
    pub(super) fn with_subject(&self, value: impl Into<Value>) -> String {
        let mut claims = self.claims();
        set(&mut claims, self.subject_claim(), value.into());
        self.sign(&Value::Object(claims))
    }

    /// A good token of nobody.
    pub(super) fn without_subject(&self) -> String {
        let mut claims = self.claims();
        unset(&mut claims, self.subject_claim());
        self.sign(&Value::Object(claims))
    }

    /// A good token but for one claim, whose value is any text, JSON or not.
    pub(super) fn with_raw(&self, name: &str, raw: &str) -> String {
        self.raw(&self.claims(), name, raw)
    }

    fn raw(&self, claims: &Map<String, Value>, name: &str, raw: &str) -> String {
        const HOLE: &str = "postflight-raw-value";
        let text = with(claims, name, HOLE).to_string().replace(&format!("\"{HOLE}\""), raw);
        self.forge.sign_bytes(Value::Object(self.header()).to_string().as_bytes(), text.as_bytes())
    }
}

/// What a token beyond the declared bound of lifetimes comes to where it is taken. A service that signs for its own users keeps the bound by
/// what it issues, which is judged beside; that it takes what only its own key could have signed is a weakness.
fn overlived(cx: &Context) -> Finding {
    if matches!(cx.target.tokens, Tokens::Login | Tokens::Signup) { Finding::Weak } else { Finding::Broken }
}

/// What a token that never ends comes to: a breach where the operator bounds lifetimes, else a weakness.
fn endless(cx: &Context) -> Finding {
    if cx.target.policy.max_lifetime_secs.is_some() { overlived(cx) } else { Finding::Weak }
}

/// Tokens long past their end.
pub(super) async fn expired(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let past = [
        ("an hour ago", press.now - 3_600),
        ("a year ago", press.now - 31_536_000),
        ("0", 0),
        ("negative", -1),
        ("a day ago", press.now - 86_400),
        ("in 1970", 1),
        ("very negative", i64::MIN),
    ];
    let forgeries = cx.telling(past, 4).into_iter().map(|(name, end)| Forgery::fatal(format!("exp {name}"), press.ending(end)));
    refused(&cx, "expired tokens", forgeries.collect()).await
}

/// Tokens that say nothing about their end.
pub(super) async fn exp_missing(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let accepted = endless(&cx);
    let forgeries = [
        ("no exp", press.without("exp")),
        ("exp null", press.with("exp", Value::Null)),
        ("EXP instead of exp", press.sign(&with(without(&press.claims(), "exp").as_object().unwrap_or(&Map::new()), "EXP", 1))),
    ];
    let forgeries = forgeries.map(|(name, token)| Forgery { accepted, ..Forgery::fatal(name, token) });
    refused(&cx, "tokens without an end", forgeries.into()).await
}

/// Ends that mean nothing, as JSON or nearly.
const MEANINGLESS: [&str; 9] = ["\"never\"", "\"9999999999\"", "true", "{}", "\"\"", "[]", "false", "NaN", "Infinity"];
/// Ends beyond all dates: a matter of the longest lifetime, and of surviving them.
const FAR: [&str; 6] = ["9999999999999", "1e400", "9223372036854775808", "1e308", "9223372036854775807", "18446744073709551616"];

/// `exp` in types that RFC 7519, 2 (`NumericDate`) does not know. Past ends must end; ends that mean nothing are no ends.
pub(super) async fn exp_type(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let hour_ago = press.now - 3_600;
    let past = [
        ("a past text", json!(hour_ago.to_string()).to_string()),
        ("a past fraction", format!("{hour_ago}.5")),
        ("a past date", "\"2001-01-01T00:00:00Z\"".to_owned()),
        ("a past power", format!("{hour_ago}e0")),
        ("a past array", format!("[{hour_ago}]")),
    ];
    let aged = press.aged(hour_ago);
    let mut forgeries: Vec<_> = cx
        .telling(&past, 3)
        .into_iter()
        .map(|(name, raw)| Forgery::fatal(format!("exp as {name}"), press.raw(&aged, "exp", raw)))
        .collect();
    let odd = |raw: &&str, accepted| Forgery { accepted, ..Forgery::fatal(format!("exp {raw}"), press.with_raw("exp", raw)) };
    let bounded = cx.target.policy.max_lifetime_secs.is_some();
    forgeries.extend(cx.telling(&MEANINGLESS, 2).into_iter().map(|raw| odd(raw, endless(&cx))));
    forgeries.extend(cx.telling(&FAR, 2).into_iter().map(|raw| odd(raw, if bounded { overlived(&cx) } else { Finding::Held })));
    refused(&cx, "odd ends", forgeries).await
}

/// How long after its end a token still works, by probes side by side.
pub(super) async fn leeway(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let allowed = cx.target.policy.max_leeway_secs;
    let mut skews = cx.telling([1, 30, 300, 1_800, 5, 10, 60, 120, 600], 4);
    skews.retain(|skew| !(allowed..=allowed + 2).contains(skew));
    skews.extend([allowed, allowed + 3]);
    let path = cx.read_path(cx.a()?);
    let case = |skew: &u64| {
        let exp = press.now.saturating_sub_unsigned(*skew);
        let forgery = Forgery::fatal(format!("{skew} s past its end"), press.ending(exp));
        Case::new(&forgery.name, Probe::get(&path).bearer(&forgery.credential()))
    };
    let largest = AtomicU64::new(0);
    let judge = |case: &Case, answer: &Answer| tolerated(case, answer, allowed, &largest);
    let mut outcome = battery(&cx, "skews", skews.iter().map(case).collect(), judge).await?;
    let measured = largest.load(Ordering::Relaxed);
    outcome.summary =
        format!("tokens are taken up to {measured} s past their end; at most {allowed} s are allowed ({})", outcome.summary);
    Ok(outcome)
}

fn tolerated(case: &Case, answer: &Answer, allowed: u64, largest: &AtomicU64) -> Judgement {
    let skew = case.name.split(' ').next().and_then(|skew| skew.parse().ok()).unwrap_or(0);
    match answer.status {
        status @ 200..=299 => {
            largest.fetch_max(skew, Ordering::Relaxed);
            let observed = format!("accepted: {status}");
            if skew > allowed { Judgement::broken(observed) } else { Judgement::held(observed) }
        }
        status @ 500..=599 => Judgement::weak(format!("refused by falling over: {status}")),
        status => Judgement::held(format!("refused: {status}")),
    }
}

/// Tokens that live longer than the operator allows: minted ones where the key was given, and what an issued token says of itself.
pub(super) async fn lifetime(cx: Context) -> Checked {
    let longest = cx.target.policy.max_lifetime_secs.and_then(|secs| i64::try_from(secs).ok());
    let mut outcome = match longest.filter(|_| cx.forge.is_some()) {
        Some(longest) => overlong(&cx, longest).await?,
        None => Outcome::skip("no longest lifetime is declared; set `policy.max_lifetime` in postflight.toml"),
    };
    if let Some(own) = super::contents::lifetime_of_issued(&cx).await? {
        let summary =
            if outcome.evidence.is_empty() { own.observed.clone() } else { format!("{}; {}", outcome.summary, own.observed) };
        outcome = Outcome::of(summary, outcome.evidence.into_iter().chain([own]).collect());
    }
    Ok(outcome)
}

async fn overlong(cx: &Context, longest: i64) -> Checked {
    let press = Press::of(cx).await?;
    let lives = [("twice", longest * 2 + 120), ("ten times", longest * 10 + 120), ("a century beyond", longest + 3_153_600_000)];
    let forgeries = lives.map(|(name, life)| {
        let token = press.with("exp", press.now.saturating_add(life));
        Forgery { accepted: overlived(cx), ..Forgery::fatal(format!("living {name} the longest lifetime"), token) }
    });
    refused(cx, "tokens that live too long", forgeries.into()).await
}

/// Tokens that are not valid yet (RFC 7519, 4.1.5).
pub(super) async fn nbf(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let forgeries = vec![
        Forgery::fatal("nbf in ten minutes", press.with("nbf", press.now + 600)),
        Forgery::fatal("nbf in ten years", press.with("nbf", press.now + 315_360_000)),
        Forgery::lenient("nbf as a future text", press.with("nbf", (press.now + 86_400).to_string())),
        Forgery::lenient("nbf as a word", press.with("nbf", "tomorrow")),
        Forgery::fatal("nbf in a day", press.with("nbf", press.now + 86_400)),
        Forgery::harmless("nbf now", press.with("nbf", press.now)),
    ];
    refused(&cx, "tokens before their time", cx.telling(forgeries, 4)).await
}

/// Tokens issued in the future, or at no time at all (RFC 7519, 4.1.6 leaves their refusal to the service).
pub(super) async fn iat(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let mut far = press.claims();
    far.extend([("iat", 315_360_000), ("exp", 315_360_600)].map(|(name, ahead)| (name.to_owned(), json!(press.now + ahead))));
    let far = Value::Object(far);
    let forgeries = vec![
        Forgery::lenient("iat in a day", press.with("iat", press.now + 86_400)),
        Forgery { accepted: endless(&cx), ..Forgery::fatal("ten minutes of life in ten years", press.sign(&far)) },
        Forgery::harmless("no iat", press.without("iat")),
        Forgery::harmless("iat as a word", press.with("iat", "now")),
        Forgery::harmless("iat beyond all numbers", press.with_raw("iat", "1e400")),
        Forgery::lenient("iat in ten years", press.with("iat", press.now + 315_360_000)),
        Forgery::harmless("iat negative", press.with("iat", -1)),
    ];
    refused(&cx, "odd times of issue", cx.telling(forgeries, 5)).await
}

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
pub(super) async fn aud(cx: Context) -> Checked {
    let Some(audience) = cx.target.policy.audience.as_deref() else {
        return Ok(Outcome::skip("no audience is declared; set `policy.audience` in postflight.toml if the service requires one"));
    };
    let press = Press::of(&cx).await?;
    let mut forgeries = cx.telling(wrong(&press, "aud", audience), 8);
    forgeries.push(Forgery::harmless("aud a list with the right one in it", press.with("aud", json!(["other", audience]))));
    refused(&cx, "audiences", forgeries).await
}

/// Tokens of another issuer (RFC 7519, 4.1.1; RFC 8725, 3.8).
pub(super) async fn iss(cx: Context) -> Checked {
    let Some(issuer) = cx.target.policy.issuer.as_deref() else {
        return Ok(Outcome::skip("no issuer is declared; set `policy.issuer` in postflight.toml if the service requires one"));
    };
    let press = Press::of(&cx).await?;
    let mut forgeries = cx.telling(wrong(&press, "iss", issuer), 7);
    forgeries.push(Forgery::lenient("iss a list with the right one in it", press.with("iss", json!(["other", issuer]))));
    refused(&cx, "issuers", forgeries).await
}

fn wrong(press: &Press<'_>, name: &str, wanted: &str) -> Vec<Forgery> {
    let mut forgeries = vec![Forgery::fatal(format!("no {name}"), press.without(name))];
    forgeries
        .extend(near(wanted).into_iter().map(|(what, value)| Forgery::fatal(format!("{name} {what}"), press.with(name, value))));
    forgeries
}

/// Tokens of nobody, and of users that the service should know and does not. Libraries ask for no subject (`express-jwt`, `jwt.verify` and
/// `jwt.decode` take a token without one), and no issuer leaves it out: a token of nobody that gets in is a weakness, unless the operator
/// said that subjects are known; one that sees A's object is the flaw.
pub(super) async fn sub_missing(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let (object, created) = super::presence::some_object(&cx).await?;
    let list = cx.read_path(cx.a()?);
    let nobody = [
        Forgery::fatal("no sub", press.without_subject()),
        Forgery::lenient("sub null", press.with_subject(Value::Null)),
        Forgery::lenient("sub empty", press.with_subject("")),
    ];
    let asks = |(forgery, path, place): (&Forgery, &str, &str)| {
        Case::new(format!("{}, {place}", forgery.name), Probe::get(path).bearer(&forgery.credential()))
    };
    let mut cases: Vec<_> = nobody.iter().map(|forgery| asks((forgery, &list, "the list"))).collect();
    cases.extend(cx.telling(&nobody, 1).into_iter().map(|forgery| asks((forgery, &object, "A's object"))));
    cases.extend(unknown(&cx, &press).iter().map(|forgery| asks((forgery, &list, "the list"))));
    let canary = created.map(|object| object.canary);
    shared_battery(&cx, "tokens of nobody", cases, |case, answer| of_nobody(&cx, canary.as_deref(), case, answer)).await
}

/// Subjects that never existed, where the service must know them.
fn unknown(cx: &Context, press: &Press<'_>) -> Vec<Forgery> {
    if !cx.target.policy.known_subjects {
        return Vec::new();
    }
    let subjects = [cx.random("unknown subject"), "00000000-0000-4000-8000-000000000000".to_owned(), "987654321".to_owned()];
    let forged = |(index, subject)| Forgery::fatal(format!("unknown subject #{}", index + 1), press.with_subject(subject));
    subjects.into_iter().enumerate().map(forged).collect()
}

fn of_nobody(cx: &Context, canary: Option<&str>, case: &Case, answer: &Answer) -> Judgement {
    let missing = !case.name.starts_with("unknown");
    match answer.status {
        status if canary.is_some_and(|canary| answer.contains(canary)) => Judgement::broken(format!("{status} with A's object")),
        404 if missing => Judgement::held("404, not A's object"),
        _ if missing && !(cx.target.policy.known_subjects && case.name.starts_with("no sub")) => {
            refusal(&cx.target.policy.refused_token, Finding::Weak, answer)
        }
        _ => refusal(&cx.target.policy.refused_token, Finding::Broken, answer),
    }
}

/// Subjects that are not text (RFC 7519, 4.1.2: `StringOrURI`), asked for A's object: seeing it is the flaw, being let in a weakness.
pub(super) async fn sub_type(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let (path, object) = super::presence::some_object(&cx).await?;
    let cases = cx.telling(mistypes(&press.subject), 6).into_iter().enumerate().map(|(index, sub)| {
        let name = sub.to_string().replace(&press.subject, "A");
        let forgery = Forgery::fatal(format!("sub {name} (#{})", index + 1), press.with_subject(sub));
        Case::new(&forgery.name, Probe::get(&path).bearer(&forgery.credential()))
    });
    let canary = object.map(|object| object.canary);
    battery(&cx, "subjects of other types", cases.collect(), |_, answer| mistyped(&cx, canary.as_deref(), answer)).await
}

/// Values that are no subject, but that coercion or a query operator would make one, or all.
fn mistypes(subject: &str) -> Vec<Value> {
    let first = [json!([subject]), json!({ "$ne": null }), json!(7), json!({ "$gt": "" }), json!(true), json!({})];
    let others = [json!({ "toString": subject }), json!(1.5), json!(false), json!([])];
    first.into_iter().chain(others).collect()
}

fn mistyped(cx: &Context, canary: Option<&str>, answer: &Answer) -> Judgement {
    match answer.status {
        status if canary.is_some_and(|canary| answer.contains(canary)) => Judgement::broken(format!("{status} with A's object")),
        404 => Judgement::weak("let in, though without A's object: 404"),
        _ => refusal(&cx.target.policy.refused_token, Finding::Weak, answer),
    }
}

/// Subjects that are not A's, but that folding, trimming or coercion would make A's.
fn aliases(subject: &str) -> Vec<(&'static str, String)> {
    let wide: String =
        subject.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)).collect();
    let all = [
        ("in upper case", subject.to_uppercase()),
        ("in lower case", subject.to_lowercase()),
        ("with a space behind", format!("{subject} ")),
        ("with a NUL and more behind", format!("{subject}\0b")),
        ("in full-width letters", wide),
        ("with a zero before", format!("0{subject}")),
        ("with an SQL wildcard", "%".to_owned()),
        ("as an SQL disjunction", "' OR '1'='1".to_owned()),
        ("with a space before", format!(" {subject}")),
        ("with a newline behind", format!("{subject}\n")),
        ("with a NUL behind", format!("{subject}\0")),
        ("with a slash behind", format!("{subject}/")),
        ("with a zero-width space", format!("{subject}\u{200b}")),
        ("percent-encoded", format!("{subject}%20")),
    ];
    all.into_iter().filter(|(_, alias)| alias != subject).collect()
}

/// The beginning of a subject, which a guard takes for the whole that compares the name in a path by `in` or `startsWith`.
fn beginning(subject: &str) -> Option<(&'static str, String)> {
    let mut characters = subject.chars();
    characters.next_back()?;
    let beginning: String = characters.collect();
    (!beginning.is_empty()).then_some(("without its last character", beginning))
}

/// Whether a number was read out of the alias, and is the subject: `int(" 7")` is 7 in Python and `Number("07")` in JavaScript. The service
/// itself gave the number out, so nobody can come to own the other spelling.
fn same_number(subject: &str, alias: &str) -> bool {
    let digits: String = alias.chars().map(narrow).filter(char::is_ascii_digit).collect();
    let bare = alias.trim().trim_end_matches('\u{200b}');
    let only_digits = bare.chars().all(|c| narrow(c).is_ascii_digit());
    only_digits && subject.parse::<u64>().is_ok_and(|number| digits.parse() == Ok(number))
}

/// The ASCII form of a full-width character.
fn narrow(c: char) -> char {
    u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).filter(char::is_ascii_graphic).unwrap_or(c)
}

/// A's object, asked for under subjects that are only nearly A's.
pub(super) async fn sub_alias(cx: Context) -> Checked {
    let press = Press::of(&cx).await?;
    let object = cx.objects.witness(cx.a()?).await?;
    let mut aliases = cx.telling(aliases(&press.subject), 7);
    if cx.target.paths.item.contains("{user_id}") {
        aliases.extend(beginning(&press.subject));
    }
    let numbers: Vec<_> = aliases.iter().filter(|(_, alias)| same_number(&press.subject, alias)).map(|(name, _)| *name).collect();
    let cases = aliases.into_iter().map(|(name, alias)| {
        let forgery = Forgery::fatal(format!("the subject of A {name}"), press.with_subject(alias));
        Case::new(&forgery.name, Probe::get(&object.path).bearer(&forgery.credential()))
    });
    battery(&cx, "near subjects", cases.collect(), |case, answer| match answer.status {
        status if answer.contains(&object.canary) && numbers.iter().any(|name| case.name.ends_with(name)) => {
            Judgement::weak(format!("{status} with A's object: the subject is read as a number"))
        }
        status if answer.contains(&object.canary) => Judgement::broken(format!("{status} with A's object")),
        status @ 500..=599 => Judgement::weak(format!("fell over: {status}")),
        status => Judgement::held(format!("{status} without A's object")),
    })
    .await
}
