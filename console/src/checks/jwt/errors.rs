//! What refusals tell: every bad token gets the same answer, in the service's own words.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::checks::{Case, Checked, Context, Judgement, shared_battery};
use crate::http::{Answer, Probe};
use crate::run::Evidence;
use crate::target::Statuses;
use crate::token::Compact;

use super::ask::{Forgery, algorithm_of, claims_with, header_with, of_a};
use super::claims::Minter;
use super::forgery::flipped;

/// Words of JWT libraries and run times, in lower case: they name the stack and the step that failed.
const LIBRARY_WORDS: [&str; 23] = [
    "signature verification failed",
    "signature has expired",
    "signature does not match",
    "invalid signature",
    "invalidsignature",
    "expiredsignature",
    "bad_signature",
    "jwt malformed",
    "jwt expired",
    "jwt must be provided",
    "jwt signature is required",
    "invalid algorithm",
    "invalid token specified",
    "invalid crypto padding",
    "invalid header padding",
    "invalid header string",
    "invalid payload string",
    "not enough segments",
    "the specified alg value is not allowed",
    "the token is not yet valid",
    "jsonwebtokenerror",
    "tokenexpirederror",
    "joseerror",
];

/// Words of stack traces, in lower case: code and paths of the machine, shown to everybody.
const TRACES: [&str; 6] =
    ["traceback (most recent call last)", "node_modules", "site-packages", "panicked at", "rust_backtrace", "/src/"];

/// Bad tokens of every kind, most of which other checks send as well; with the key, expired ones too.
async fn bad_tokens(cx: &Context, token: &Compact) -> Vec<Forgery> {
    let other = if algorithm_of(token) == "RS256" { "HS256" } else { "RS256" };
    let none = token.with_header(&header_with(token, "alg", "none")).with_signature("");
    let mut all = vec![
        Forgery::fatal("not a token", "not-a-token"),
        Forgery::fatal("three parts of nonsense", "abc.def.ghi"),
        Forgery::fatal("parts that are not base64", "*.*.*"),
        Forgery::fatal("alg none", none.token()),
        Forgery::fatal("another algorithm", token.with_header(&header_with(token, "alg", other)).token()),
        Forgery::fatal("another payload", token.with_claims(&claims_with(token, "role", "admin")).token()),
        Forgery::fatal("an empty signature", token.with_signature("").token()),
    ];
    if cx.forge.is_some()
        && let Ok(minter) = Minter::of(cx).await
    {
        all.push(Forgery::fatal("expired", minter.ending(minter.now - 3_600)));
        all.push(Forgery::fatal("expired long ago", minter.ending(0)));
    }
    all
}

/// Compares every refusal with that of a flipped signature.
pub(super) async fn uniform(cx: Context) -> Checked {
    let token = of_a(&cx)?;
    let path = cx.read_path(cx.a()?);
    let probe = |forgery: &Forgery| Probe::get(&path).bearer(&forgery.credential());
    let first = cx.once(&probe(&Forgery::fatal("one bit of the signature flipped", flipped(&token, 0).token()))).await?;
    let forgeries = bad_tokens(&cx, &token).await;
    let cases = forgeries.iter().map(|forgery| Case::new(&forgery.name, probe(forgery))).collect();
    let times = Mutex::new(vec![first.elapsed]);
    let outcome = shared_battery(&cx, "refusals", cases, |_, answer| {
        if let Ok(mut times) = times.lock() {
            times.push(answer.elapsed);
        }
        alike(&cx.target.policy.refused_token, &first, answer)
    })
    .await?;
    let good = cx.once(&cx.read(cx.a()?)).await?;
    Ok(outcome.with(timed(&good, times.into_inner().unwrap_or_default())))
}

/// How long refusals take beside an answer to a good token: told, not judged, since the network between says more of it than the service.
fn timed(good: &Answer, mut refusals: Vec<Duration>) -> Evidence {
    refusals.sort();
    let of = |index: usize| refusals.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let (least, middle, most) = (of(0), of(refusals.len() / 2), of(refusals.len().saturating_sub(1)));
    let good_ms = good.elapsed.as_secs_f64() * 1e3;
    let observed = format!("refused in {least:.1} to {most:.1} ms (median {middle:.1}), a good token answered in {good_ms:.1} ms");
    Judgement::held(observed).seen_anywhere(good, "the time of refusals, for information")
}

fn alike(accepted: &Statuses, first: &Answer, answer: &Answer) -> Judgement {
    let text = answer.raw_text().to_lowercase();
    if answer.is_success() && !answer.refuses_in_words() {
        return Judgement::broken(format!("accepted: {}", answer.status));
    }
    if let Some(word) = TRACES.iter().find(|word| text.contains(**word)) {
        return Judgement::broken(format!("the answer shows a stack trace: “{word}”"));
    }
    if let Some(word) = LIBRARY_WORDS.iter().find(|word| text.contains(**word)) {
        return Judgement::weak(format!("the answer speaks the library's words: “{word}”"));
    }
    if answer.status != first.status && [answer, first].iter().all(|answer| accepted.contains(answer.status)) {
        return Judgement::held(format!(
            "{} where a bad signature is answered {}, as the policy accepts",
            answer.status, first.status
        ));
    }
    if answer.status != first.status {
        return Judgement::weak(format!("{} where a bad signature is answered {}", answer.status, first.status));
    }
    if shape(answer) != shape(first) {
        return Judgement::weak("a body of another shape than for a bad signature");
    }
    Judgement::held(format!("{} in the common shape", answer.status))
}

/// The names in a JSON body, or its media type: what stays when the sentences are taken out.
fn shape(answer: &Answer) -> String {
    let names = |value: &Value| value.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>().join(","));
    let media = || answer.headers.text("content-type").unwrap_or_default();
    answer.json().as_ref().and_then(names).unwrap_or_else(media)
}
