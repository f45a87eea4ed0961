//! Whether deep health is right: an object is written, read and deleted through the public API while health is asked.

use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};

use super::body;
use super::sample::deep_path;

pub(super) async fn agrees(cx: Context) -> Checked {
    let before = cx.send(&Probe::get(deep_path(&cx)?)).await?;
    let (steps, healthy) = (journey(&cx).await?, is_healthy(&cx, &before));
    let words = if healthy { "health says that all is well" } else { "health says that something is wrong" };
    let mut pieces = vec![evidence(&before, "deep health", Finding::Held, words)];
    for (label, answer, worked) in &steps {
        pieces.push(step(label, answer, *worked, healthy));
    }
    let worst = pieces.iter().max_by_key(|piece| piece.finding).filter(|piece| piece.finding != Finding::Held);
    let summary = worst.map_or_else(
        || format!("{words}, and writing, reading and deleting through the API agree"),
        |piece| format!("{words}, but {}: {}", piece.label, piece.observed),
    );
    Ok(Outcome::of(summary, pieces))
}

fn is_healthy(cx: &Context, answer: &Answer) -> bool {
    let json = answer.json().unwrap_or_default();
    answer.is_success()
        && cx.target.health.trouble(&json).is_none()
        && body::overall_trouble(&json).is_none()
        && body::dependency_trouble(&json).is_none()
}

type Step = (&'static str, Answer, bool);

/// Writes, reads and deletes an object of A; ends where a step does not work.
async fn journey(cx: &Context) -> Result<Vec<Step>, Trouble> {
    let a = cx.a()?;
    let canary = cx.objects.announce(a).await?;
    let made = cx.send(&Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&a.token)).await?;
    let (id, offers) = (cx.made(a, &made).await, cx.target.resource.offers);
    let mut steps = vec![("writing an object", made, id.is_some())];
    let Some(id) = id else { return Ok(steps) };
    if offers.get {
        let read = cx.eventually(&cx.item(a, &id), Answer::is_success).await?;
        // Whether titles come back as they were sent is not asked here.
        let found = read.is_success() && read.raw_text().to_lowercase().contains(&canary.to_lowercase());
        steps.push(("reading it back", read, found));
    }
    if offers.delete {
        let gone = cx.send(&Probe::new("DELETE", cx.item_path(a, &id)).bearer(&a.token)).await?;
        let deleted = gone.is_success();
        if deleted {
            cx.objects.deleted(&id).await;
        }
        steps.push(("deleting it", gone, deleted));
    }
    Ok(steps)
}

/// A service that cannot write while health is fine has a health that proves nothing; the other way round, it asks for too much.
fn step(label: &str, answer: &Answer, worked: bool, healthy: bool) -> Evidence {
    let status = answer.status;
    let judgement = match (worked, healthy) {
        (true, true) => Judgement::held(format!("{status}")),
        (true, false) => Judgement::weak(format!("{status}: the API works although health says otherwise")),
        (false, true) if answer.is_server_error() => Judgement::broken(format!("{status} while health says that all is well")),
        (false, true) if answer.is_success() => Judgement::broken(format!("{status}, but what was written is not there")),
        (false, false) => Judgement::held(format!("{status}, as health says")),
        (false, true) => Judgement::unclear(format!("{status}: refused, so it proves nothing about the database")),
    };
    evidence(answer, label, judgement.finding, judgement.observed)
}
