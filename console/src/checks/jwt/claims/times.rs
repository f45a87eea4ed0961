//! The times of a token: `exp`, `nbf`, `iat`, and how long it may live.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::Minter;
use crate::checks::jwt::ask::{Forgery, refused, with, without};
use crate::checks::jwt::contents::lifetime_of_issued;
use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding, Verdict};
use crate::target::Tokens;

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
pub(in crate::checks::jwt) async fn expired(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let past = [
        ("an hour ago", minter.now - 3_600),
        ("a year ago", minter.now - 31_536_000),
        ("0", 0),
        ("negative", -1),
        ("a day ago", minter.now - 86_400),
        ("in 1970", 1),
        ("very negative", i64::MIN),
    ];
    let forgeries = cx.telling(past, 4).into_iter().map(|(name, end)| Forgery::fatal(format!("exp {name}"), minter.ending(end)));
    refused(&cx, "expired tokens", forgeries.collect()).await
}

/// Tokens that say nothing about their end.
pub(in crate::checks::jwt) async fn exp_missing(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let accepted = endless(&cx);
    let forgeries = [
        ("no exp", minter.without("exp")),
        ("exp null", minter.with("exp", Value::Null)),
        ("EXP instead of exp", minter.sign(&with(without(&minter.claims(), "exp").as_object().unwrap_or(&Map::new()), "EXP", 1))),
    ];
    let forgeries = forgeries.map(|(name, token)| Forgery { accepted, ..Forgery::fatal(name, token) });
    refused(&cx, "tokens without an end", forgeries.into()).await
}

/// Ends that mean nothing, as JSON or nearly.
const MEANINGLESS: [&str; 9] = ["\"never\"", "NaN", "\"9999999999\"", "true", "{}", "\"\"", "[]", "false", "Infinity"];

/// Ends beyond all dates: a matter of the longest lifetime, and of surviving them.
const FAR: [&str; 6] = ["9999999999999", "1e400", "9223372036854775808", "1e308", "9223372036854775807", "18446744073709551616"];

/// `exp` in types that RFC 7519, 2 (`NumericDate`) does not know. Past ends must end; ends that mean nothing are no ends.
pub(in crate::checks::jwt) async fn exp_type(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let hour_ago = minter.now - 3_600;
    let past = [
        ("a past text", json!(hour_ago.to_string()).to_string()),
        ("a past fraction", format!("{hour_ago}.5")),
        ("a past date", "\"2001-01-01T00:00:00Z\"".to_owned()),
        ("a past power", format!("{hour_ago}e0")),
        ("a past array", format!("[{hour_ago}]")),
    ];
    let aged = minter.aged(hour_ago);
    let mut forgeries: Vec<_> = cx
        .telling(&past, 3)
        .into_iter()
        .map(|(name, raw)| Forgery::fatal(format!("exp as {name}"), minter.raw(&aged, "exp", raw)))
        .collect();
    let odd = |raw: &&str, accepted| Forgery { accepted, ..Forgery::fatal(format!("exp {raw}"), minter.with_raw("exp", raw)) };
    let longest = cx.target.policy.max_lifetime_secs.and_then(|secs| i64::try_from(secs).ok());
    let overlives = match longest {
        Some(longest) => ends_by_age(&cx, &minter, longest).await?.is_none(),
        None => false,
    };
    forgeries.extend(cx.telling(&MEANINGLESS, 3).into_iter().map(|raw| odd(raw, endless(&cx))));
    forgeries.extend(cx.telling(&FAR, 2).into_iter().map(|raw| odd(raw, if overlives { overlived(&cx) } else { Finding::Held })));
    refused(&cx, "odd ends", forgeries).await
}

/// How long after its end a token still works, by probes side by side.
pub(in crate::checks::jwt) async fn leeway(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let allowed = cx.target.policy.max_leeway_secs;
    let mut skews = cx.telling([1, 0, 30, 300, 1_800, 5, 10, 60, 120, 600], 4);
    skews.retain(|skew| !(allowed..=allowed + 2).contains(skew));
    skews.extend([allowed, allowed + 3]);
    let path = cx.read_path(cx.a()?);
    let case = |skew: &u64| {
        let exp = minter.now.saturating_sub_unsigned(*skew);
        let forgery = Forgery::fatal(format!("{skew} s past its end"), minter.ending(exp));
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
        status @ 200..=299 if !answer.refuses_in_words() => {
            largest.fetch_max(skew, Ordering::Relaxed);
            let observed = format!("accepted: {status}");
            if skew > allowed { Judgement::broken(observed) } else { Judgement::held(observed) }
        }
        status @ 500..=599 => Judgement::weak(format!("refused by falling over: {status}")),
        status => Judgement::held(format!("refused: {status}")),
    }
}

/// Tokens that live longer than the operator allows: minted ones where the key was given, and what an issued token says of itself.
pub(in crate::checks::jwt) async fn lifetime(cx: Context) -> Checked {
    let longest = cx.target.policy.max_lifetime_secs.and_then(|secs| i64::try_from(secs).ok());
    let mut outcome = match longest.filter(|_| cx.forge.is_some()) {
        Some(longest) => overlong(&cx, longest).await?,
        None => Outcome::skip("no longest lifetime is declared; set `policy.max_lifetime` in postflight.toml"),
    };
    if let Some(own) = lifetime_of_issued(&cx).await? {
        let summary =
            if outcome.evidence.is_empty() { own.observed.clone() } else { format!("{}; {}", outcome.summary, own.observed) };
        outcome = Outcome::of(summary, outcome.evidence.into_iter().chain([own]).collect());
    }
    Ok(outcome)
}

async fn overlong(cx: &Context, longest: i64) -> Checked {
    let minter = Minter::of(cx).await?;
    let lives = [("twice", longest * 2 + 120), ("ten times", longest * 10 + 120), ("a century beyond", longest + 3_153_600_000)];
    let forgeries = lives.map(|(name, life)| {
        let token = minter.with("exp", minter.now.saturating_add(life));
        Forgery { accepted: overlived(cx), ..Forgery::fatal(format!("living {name} the longest lifetime"), token) }
    });
    let outcome = refused(cx, "tokens that live too long", forgeries.into()).await?;
    if matches!(outcome.verdict, Verdict::Warn | Verdict::Fail)
        && let Some(piece) = ends_by_age(cx, &minter, longest).await?
    {
        let words = "whatever they say of their end, tokens are refused once they are older than the longest lifetime";
        return Ok(Outcome::of(words, vec![piece]));
    }
    Ok(outcome)
}

/// What shows that a token ends by the time of its issue, whatever its `exp` says (`maxAge` of jsonwebtoken): one that is older than the `longest`
/// lifetime and has not ended is refused. `None` where it is not.
async fn ends_by_age(cx: &Context, minter: &Minter<'_>, longest: i64) -> Result<Option<Evidence>, Trouble> {
    if !minter.claims().contains_key("iat") {
        return Ok(None);
    }
    // A good token in everything else, or it might be refused for that.
    let issued = minter.now.saturating_sub(longest.saturating_mul(2)).saturating_sub(120);
    let old = Forgery::fatal("older than the longest lifetime, not ended", minter.with("iat", issued));
    let answer = cx.once(&Probe::get(cx.read_path(cx.a()?)).bearer(&old.credential())).await?;
    let refused = cx.target.policy.unauthenticated.or(&cx.target.policy.refused_token).contains(answer.status);
    Ok(refused.then(|| Judgement::held(format!("refused: {}", answer.status)).seen(&answer, old.name)))
}

/// Tokens that are not valid yet (RFC 7519, 4.1.5).
pub(in crate::checks::jwt) async fn nbf(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let forgeries = vec![
        Forgery::fatal("nbf in ten minutes", minter.with("nbf", minter.now + 600)),
        Forgery::fatal("nbf in ten years", minter.with("nbf", minter.now + 315_360_000)),
        Forgery::lenient("nbf as a future text", minter.with("nbf", (minter.now + 86_400).to_string())),
        Forgery::lenient("nbf as a word", minter.with("nbf", "tomorrow")),
        Forgery::fatal("nbf in a day", minter.with("nbf", minter.now + 86_400)),
        Forgery::harmless("nbf now", minter.with("nbf", minter.now)),
    ];
    refused(&cx, "tokens before their time", cx.telling(forgeries, 4)).await
}

/// Tokens issued in the future, or at no time at all (RFC 7519, 4.1.6 leaves their refusal to the service).
pub(in crate::checks::jwt) async fn iat(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let mut far = minter.claims();
    far.extend([("iat", 315_360_000), ("exp", 315_360_600)].map(|(name, ahead)| (name.to_owned(), json!(minter.now + ahead))));
    let far = Value::Object(far);
    let forgeries = vec![
        Forgery::lenient("iat in a day", minter.with("iat", minter.now + 86_400)),
        Forgery { accepted: endless(&cx), ..Forgery::fatal("ten minutes of life in ten years", minter.sign(&far)) },
        Forgery::harmless("no iat", minter.without("iat")),
        Forgery::harmless("iat as a word", minter.with("iat", "now")),
        Forgery::harmless("iat beyond all numbers", minter.with_raw("iat", "1e400")),
        Forgery::lenient("iat in ten years", minter.with("iat", minter.now + 315_360_000)),
        Forgery::harmless("iat negative", minter.with("iat", -1)),
    ];
    refused(&cx, "odd times of issue", cx.telling(forgeries, 5)).await
}
