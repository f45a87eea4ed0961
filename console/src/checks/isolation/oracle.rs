//! The oracle: can B tell an id of A's from one that nothing has?

use std::sync::Arc;

use futures::future::try_join_all;
use serde_json::json;

use crate::checks::{Act, Checked, Context, Judgement, Role};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

use super::apart;
use super::face::Face;
use super::stage::{Victim, attacked, conclude, missing_for, piece};

/// One way to ask for an id: its name and the probe for a given id.
type Question<'a> = (&'static str, Box<dyn Fn(&str) -> Option<Probe> + Send + Sync + 'a>);

/// Where paths name the user: A's id at B's own path.
const AT_OWN: &str = "GET at B's own path";
const CHANGE_AT_OWN: &str = "an invalid change at B's own path";

pub(super) async fn oracle(cx: Context) -> Checked {
    let apart = apart::are_counted_apart(&cx).await?;
    let (cx, title) = (&cx, &cx.objects.attempted(cx.b()?).await?);
    let attack = |victim: Arc<Victim>| async move {
        // HEAD is compared with a missing id by a check of its own.
        let questions = questions(cx, title)
            .into_iter()
            .filter(|(name, _)| (cx.exhaustive || *name != Act::Head.word()) && !(apart && [AT_OWN, CHANGE_AT_OWN].contains(name)));
        let asked = questions.map(|(name, probe)| compare(cx, &victim, name, probe));
        let pieces = try_join_all(asked).await?.into_iter().flatten().collect();
        Ok(conclude("B gets the same answer for A's id and for an id that nothing has, in every way of asking", pieces))
    };
    attacked(cx, Role::Contested, attack).await
}

fn questions<'a>(cx: &'a Context, title: &'a str) -> Vec<Question<'a>> {
    let act = |act: Act| -> Question<'a> {
        (act.word(), Box::new(move |id| Some(act.probe(cx, &act.path(cx, cx.a().ok()?, id)?, title))))
    };
    let not_a_title = || json!({ (cx.target.resource.fields.title.clone()): ["not a title"] });
    let invalid: Question<'a> = (
        "PUT of an invalid object",
        Box::new(move |id| Some(Probe::new("PUT", cx.item_path(cx.a().ok()?, id)).json(&not_a_title()))),
    );
    let broken: Question<'a> = (
        "PATCH with broken JSON",
        Box::new(|id| Some(Probe::new("PATCH", cx.item_path(cx.a().ok()?, id)).body(Some("application/json"), "{"))),
    );
    // Where paths name the user, another guard may stand at B's own.
    let own = move |id: &str| {
        let (of_a, of_b) = (cx.item_path(cx.a().ok()?, id), cx.item_path(cx.b().ok()?, id));
        (of_a != of_b).then_some(of_b)
    };
    let at_own: Question<'a> = (AT_OWN, Box::new(move |id| Some(Probe::get(own(id)?))));
    // One that no service carries out: what a change does there, other checks ask.
    let change = Act::change(cx).word();
    let changed_at_own: Question<'a> = (CHANGE_AT_OWN, Box::new(move |id| Some(Probe::new(change, own(id)?).json(&not_a_title()))));
    Act::ALL.into_iter().map(act).chain([at_own, changed_at_own, invalid, broken]).collect()
}

async fn compare(
    cx: &Context,
    victim: &Victim,
    name: &str,
    probe: impl Fn(&str) -> Option<Probe>,
) -> Result<Option<Evidence>, Trouble> {
    let id = victim.object.id.as_str();
    let missing = ["one", "other"].map(|which| missing_for(cx, id, name, which));
    let token = &cx.b()?.token;
    let [one, other] = &missing;
    let (Some(foreign), Some(first), Some(second)) = (probe(id), probe(one), probe(other)) else { return Ok(None) };
    // What B does to A's object other checks ask as well.
    let (foreign, first, second) = (foreign.bearer(token).shareable(), first.bearer(token).shareable(), second.bearer(token));
    let (foreign, first) = tokio::try_join!(cx.once(&foreign), cx.once(&first))?;
    let ids = [id, one, other];
    let (seen, first) = (Face::of(&foreign, &ids), Face::of(&first, &ids));
    // Where the two are alike, nothing can move by itself that the second missing id would have to show.
    let alike = !cx.exhaustive && seen.differs([&first, &first]).is_none();
    let second = if alike { first.clone() } else { Face::of(&cx.send(&second).await?, &ids) };
    let judgement = judged(cx, &foreign, &seen, [&first, &second]);
    Ok(Some(piece(&foreign, format!("B: {name} of A's id, beside missing ids"), judgement)))
}

/// A refusal of its own for foreign objects (403 beside 404) is a matter of policy; two answers that mean to be the same must be.
fn judged(cx: &Context, answer: &Answer, foreign: &Face, missing: [&Face; 2]) -> Judgement {
    let [one, other] = missing;
    let policy = &cx.target.policy;
    let Some(told) = foreign.differs(missing) else { return Judgement::held(format!("{} in each case", foreign.status)) };
    if answer.is_success() || answer.is_server_error() || one.status != other.status {
        return Judgement::weak(format!("told apart by {told}"));
    }
    if !policy.uniform_foreign {
        return Judgement::held(format!("told apart by {told}, which the policy accepts"));
    }
    if foreign.status != one.status && policy.foreign.contains(foreign.status) {
        return Judgement::weak(format!(
            "{} for A's id and {} for a missing one: B can tell that it exists; `policy.uniform_foreign = false` accepts that",
            foreign.status, one.status
        ));
    }
    Judgement::broken(format!("B can tell that A's object exists: {told}"))
}
