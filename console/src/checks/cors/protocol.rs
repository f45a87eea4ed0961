//! Whether the policy is the same over HTTP/1.1 and HTTP/2: proxies often treat them by different rules.

use super::super::{Case, Checked, Context, Judgement, Outcome, battery};
use super::access::admitted;
use super::asked::{judge_foreign, strangers_fail};
use super::surface::{Surface, is_declared, representatives};
use crate::http::trust::Protocols;

/// The declared origin and a few foreign ones, over each protocol alone.
pub(super) async fn both(cx: Context) -> Checked {
    if cx.client.handshake().await?.alpn.as_deref() != Some(b"h2") {
        return Ok(Outcome::skip("HTTP/2 is not offered, so there is one protocol only"));
    }
    let (one, two) = futures::join!(over(&cx, Protocols::Http1, "HTTP/1.1"), over(&cx, Protocols::Http2, "HTTP/2"));
    let (one, two) = (one?, two?);
    let summary = format!("HTTP/1.1: {}; HTTP/2: {}", one.summary, two.summary);
    Ok(Outcome::of(summary, one.evidence.into_iter().chain(two.evidence).collect()))
}

async fn over(cx: &Context, protocols: Protocols, word: &str) -> Checked {
    let Some(allowed) = cx.target.origins.first() else { return Ok(Outcome::skip("no origin is declared")) };
    let cx = Context { client: cx.client.only(protocols)?, ..cx.clone() };
    let fails = strangers_fail(&cx).await?;
    battery(&cx, "requests", cases(&cx, allowed.as_str(), word), |case, answer| {
        if case.probe.sent("origin").any(|value| is_declared(&cx, value)) {
            admitted(allowed, answer, false, Judgement::weak)
        } else {
            judge_foreign(&cx, case, answer, fails)
        }
    })
    .await
}

fn cases(cx: &Context, allowed: &str, word: &str) -> Vec<Case> {
    let origins: Vec<_> = representatives(cx).into_iter().chain([allowed.to_owned()]).collect();
    let case = |surface: Surface, origin: &String| surface.case(cx, &format!("{origin} over {word}"), &[origin]);
    Surface::ALL.iter().flat_map(|surface| origins.iter().filter_map(|origin| case(*surface, origin))).collect()
}
