//! What A's objects live in, changed and deleted by B: one that was made for this alone, so that nothing else of the run goes with it.

use serde_json::Value;

use crate::checks::objects::settle;
use crate::checks::{Context, Judgement, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;
use crate::target::Parent;
use crate::token::as_text;

use super::judge;
use super::stage::piece;

/// B changes it by either method and deletes it, and A looks after each; nothing where objects live in nothing, or none can be made or seen.
pub(super) async fn written(cx: &Context) -> Result<Vec<Evidence>, Trouble> {
    let Some(parent) = cx.target.parent.as_ref().filter(|_| cx.writes) else { return Ok(Vec::new()) };
    let a = cx.objects.housed(cx.a()?).await?;
    let Some(one) = One::of(cx, parent, &a) else { return Ok(Vec::new()) };
    let before = one.seen(cx).await?;
    if one.told(parent, &before).is_none() {
        return Ok(Vec::new());
    }
    let name = cx.objects.attempted(cx.b()?).await?;
    let change = Probe::new("PATCH", &one.path).json(&parent.resource.patch(&name));
    let whole = Probe::new("PUT", &one.path).json(&parent.resource.full(&name));
    let mut pieces = Vec::new();
    for probe in [change, whole, Probe::new("DELETE", &one.path)] {
        let answer = cx.send(&probe.bearer(&cx.b()?.token)).await?;
        let harm = if answer.is_success() { one.harm(cx, parent, &before).await? } else { None };
        let judgement = match harm {
            Some(harm) => Judgement::broken(format!("{}: {harm}", answer.status)),
            None => judge::harmless(answer.status, false),
        };
        pieces.push(piece(&answer, format!("B: {} of what A's objects live in", answer.exchange.request.method), judgement));
    }
    Ok(pieces)
}

/// One of A's.
struct One {
    id: String,
    path: String,
    /// Where A sees it: by its own route, or in the list.
    look: Probe,
}

impl One {
    fn of(cx: &Context, parent: &Parent, a: &User) -> Option<Self> {
        let id = as_text(a.parent.as_ref()?)?;
        let path = a.path(&parent.item).replace("{id}", &id);
        let offers = parent.resource.offers;
        let look = if offers.get { Some(path.clone()) } else { offers.list.then(|| a.path(&parent.list)) };
        let look = Probe::get(look?).bearer(&cx.a().ok()?.token);
        Some(Self { id, path, look })
    }

    async fn seen(&self, cx: &Context) -> Result<Answer, Trouble> {
        cx.send(&self.look).await
    }

    /// What A's answer says of it.
    fn told(&self, parent: &Parent, answer: &Answer) -> Option<Value> {
        let body = answer.json().filter(|_| answer.is_success())?;
        let resource = &parent.resource;
        let told = if resource.offers.get { resource.object(&body) } else { resource.listed(&body, &self.id) };
        told.filter(|told| told.is_object()).cloned()
    }

    /// What became of it, where it is not as A saw it `before`.
    async fn harm(&self, cx: &Context, parent: &Parent, before: &Answer) -> Result<Option<&'static str>, Trouble> {
        settle().await;
        let title = |told: Option<Value>| told.and_then(|told| told.get(&parent.resource.fields.title).cloned());
        let now = self.told(parent, &self.seen(cx).await?);
        Ok(match now {
            None => Some("A no longer has it"),
            now if title(now.clone()) != title(self.told(parent, before)) => Some("A's is changed"),
            _ => None,
        })
    }
}
