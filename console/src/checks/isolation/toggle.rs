//! B flips the "done" flag of an object of A by the route made for that.

use std::sync::Arc;

use crate::checks::{Act, Case, Checked, Context, Outcome, Role, User, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

use super::foreign::{of_the_owner, refusal, ways};
use super::stage::{Victim, attacked, conclude, piece};

/// How a toggle is asked: services differ in whether it is told what to set, and in its method.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// With the value of the flag in the body.
    Told,
    /// By this method, without a body.
    Bare(&'static str),
}

impl Form {
    /// The most usual first.
    const ALL: [Self; 4] = [Self::Told, Self::Bare("PATCH"), Self::Bare("POST"), Self::Bare("PUT")];

    fn probe(self, cx: &Context, path: &str, user: &User) -> Probe {
        let probe = match self {
            Self::Told => Act::Toggle.probe(cx, path, ""),
            Self::Bare(method) => Probe::new(method, path),
        };
        probe.bearer(&user.token)
    }

    fn words(self) -> String {
        match self {
            Self::Told => "toggle".to_owned(),
            Self::Bare(method) => format!("an empty {method} to the toggle"),
        }
    }
}

/// Every form that works for the owner, by every path. A looks after each: a toggle that was flipped twice is as it was.
pub(super) async fn toggle(cx: Context) -> Checked {
    let Some(template) = &cx.target.paths.toggle else {
        return Ok(Outcome::skip("no toggle route is declared; set `paths.toggle` in postflight.toml if there is one"));
    };
    let cx = &cx;
    let (works, proof) = proof(cx).await?;
    let forms = Form::ALL.into_iter().filter(|form| cx.exhaustive || works.is_none_or(|works| works == *form));
    let count = ways(cx, Act::Toggle, "1").await?.len();
    let mut pieces = vec![proof];
    for (form, way) in forms.flat_map(|form| (0..count).map(move |way| (form, way))) {
        let attack = |victim: Arc<Victim>| async move {
            let ways = ways(cx, Act::Toggle, &victim.object.id).await?;
            let case = |(way, path): &(&str, String)| {
                let probe = form.probe(cx, path, cx.b()?).shareable();
                Ok(Case::new(format!("B: {} with {way}", form.words()), probe))
            };
            let cases = ways.iter().skip(way).take(1).map(case).collect::<Result<_, Trouble>>()?;
            shared_battery(cx, "toggles by B", cases, |_, answer| refusal(cx, &victim, answer)).await
        };
        pieces.extend(attacked(cx, Role::Contested, attack).await?.evidence);
    }
    Ok(conclude(&format!("B flips nothing of A's by {template}"), pieces))
}

/// The form that works for the owner, and what shows it.
async fn proof(cx: &Context) -> Result<(Option<Form>, Evidence), Trouble> {
    let a = cx.a()?;
    let shared = cx.objects.shared(a, Role::Scratch).await?;
    let path_of = |id: &str| Act::Toggle.path(cx, a, id).unwrap_or_default();
    let shown = |form: Form, answer: &Answer| piece(answer, format!("A: {} of the own object", form.words()), of_the_owner(answer));
    let mut path = path_of(&shared.id);
    let mut answer = cx.send(&Form::Told.probe(cx, &path, a)).await?;
    if answer.status == 404 {
        // Where ids are made of titles, a change by another check has moved the object that they share.
        path = path_of(&cx.objects.create(a).await?.id);
        answer = cx.send(&Form::Told.probe(cx, &path, a)).await?;
    }
    let told = shown(Form::Told, &answer);
    if answer.is_success() {
        return Ok((Some(Form::Told), told));
    }
    for form in Form::ALL.into_iter().skip(1) {
        let answer = cx.send(&form.probe(cx, &path, a)).await?;
        if answer.is_success() {
            return Ok((Some(form), shown(form, &answer)));
        }
    }
    Ok((None, told))
}
