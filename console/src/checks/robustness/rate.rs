//! The declared rate limit, asked by a user of its own, so that nobody else's requests count against it.

use futures::future::join_all;
use time::OffsetDateTime;

use super::super::{Checked, Context, Outcome};
use crate::http::{Answer, Credential, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::target::Tokens;

/// Requests that are sent at most to see a limit.
const MOST: u32 = 600;

/// More requests than one user may send are answered 429, with the time to wait, and so that a browser can read it.
pub(super) async fn limit(cx: Context) -> Checked {
    let declared = cx.target.policy.declared.rate_limit.unwrap_or_default();
    // Tokens come back while the requests are on their way, so some more than the limit may be needed.
    let count = declared.saturating_mul(2).saturating_add(20);
    if count > MOST {
        return Ok(Outcome::skip(format!("to see a limit of {declared} would take {count} requests; {MOST} are sent at most")));
    }
    if !matches!(cx.target.tokens, Tokens::Mint(_)) {
        return Ok(Outcome::skip("it takes a user of its own, minted; the users of this target come from elsewhere"));
    }
    let subject = format!("postflight-rate-{}", cx.random("rate"));
    let token = Credential::new("<minted for a user of its own>", cx.forge()?.good(&subject, OffsetDateTime::now_utc()));
    // A user who was never there has nothing that objects could live in.
    let list = cx.target.parent.as_ref().map_or(&cx.target.paths.list, |parent| &parent.list);
    let path = list.replace("{user_id}", &subject);
    let origin = cx.target.origins.first();
    let probe = Probe::get(path.clone()).bearer(&token);
    let probe = origin.iter().fold(probe, |probe, origin| probe.origin(origin.as_str()));
    let first = cx.send(&probe).await?;
    let probe = probe.impatient();
    if !first.is_success() {
        let words = format!("a user that the service never saw is answered {}", first.status);
        return Ok(Outcome::inconclusive(words.clone()).seen(&first, "a user of its own", words));
    }
    let refused = match refused(&cx, &probe, declared.saturating_add(1)).await? {
        None => refused(&cx, &probe, count.saturating_sub(declared).saturating_sub(2)).await?,
        refused => refused,
    };
    Ok(if let Some(answer) = refused {
        let outcome = judge(&answer, origin.is_some()).seen(&answer, "a request over the limit", "429");
        by_a_stranger(&cx, path, &token).await?.into_iter().fold(outcome, Outcome::joined)
    } else if let Some(rate) = cx.client.rate() {
        let words = format!(
            "{count} requests met no limit, but the run sends {rate} a second at most; leave `limits.rate` or --rate out to meet one of {declared}"
        );
        Outcome::skip(words.clone()).seen(&first, "the first of them", words)
    } else {
        let words = format!("{count} requests at once, none answered 429, where {declared} are declared");
        Outcome::fail(words).seen(&first, "the first of them", first.status.to_string())
    })
}

/// The refusal as a foreign page would see it: limiters often answer with a CORS policy of their own. `None` where the limit lets requests
/// through again, so that there is none to see.
async fn by_a_stranger(cx: &Context, path: String, token: &Credential) -> Result<Option<Evidence>, Trouble> {
    let stranger = format!("https://{}.com", cx.random("stranger at the limit"));
    let answer = cx.send(&Probe::get(path).bearer(token).origin(&stranger).impatient()).await?;
    if answer.is_success() {
        return Ok(None);
    }
    let granted = answer.headers.text("access-control-allow-origin").filter(|granted| *granted == stranger || granted == "*");
    let (finding, observed) = match granted {
        Some(granted) => (Finding::Broken, format!("{} lets {granted} read it", answer.status)),
        None => (Finding::Held, format!("{}, which no foreign page can read", answer.status)),
    };
    Ok(Some(evidence(&answer, "a request over the limit from a foreign origin", finding, observed)))
}

/// The first 429 to so many requests at once.
async fn refused(cx: &Context, probe: &Probe, count: u32) -> Result<Option<Answer>, Trouble> {
    let answers = join_all((0..count).map(|_| cx.send(probe))).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    Ok(answers.into_iter().find(|answer| answer.status == 429))
}

/// Judges the refusal. Without `Retry-After` (RFC 6585, 4 allows that) clients come back at once; without the grant for an allowed origin
/// (Fetch standard, "CORS check") a browser tells its page of a network error instead.
pub(super) fn judge(answer: &Answer, browser: bool) -> Outcome {
    let wait = answer.headers.text("retry-after");
    match (wait, browser && !answer.headers.has("access-control-allow-origin")) {
        (None, _) => Outcome::warn("429 without Retry-After"),
        (Some(wait), true) => Outcome::warn(format!("429 with Retry-After: {wait}, but without the grant for an allowed origin")),
        (Some(wait), false) => Outcome::pass(format!("429 with Retry-After: {wait}")),
    }
}
