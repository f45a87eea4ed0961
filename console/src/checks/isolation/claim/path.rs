//! Claims in the path: the collection as A addresses it, and the shapes in which other services name a user.

use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Judgement, Object};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;

use super::Scene;
use crate::checks::isolation::judge;
use crate::checks::isolation::owner::encoded;
use crate::checks::isolation::stage::{join, look, piece};

/// Paths that name A. Where the target's own paths do, B uses A's; the shapes that other services use are asked beside them.
pub(in crate::checks::isolation) async fn path(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    // Where paths name nobody, A's list is B's own.
    let mut paths: Vec<_> = Some(cx.list_path(a)).filter(|path| *path != cx.list_path(b)).into_iter().collect();
    paths.extend(guessed(&cx.list_path(b), &encoded(&scene.subject)));
    let crafted = crafted(&cx.target.paths.list, &encoded(&scene.subject));
    let query = &scene.page.query;
    let case = |path: &String| Case::new(format!("B: GET {path}"), Probe::get(asking(path, query)).bearer(&b.token));
    let cases = paths.iter().map(case).chain(crafted.iter().map(|path| case(path).of_an_odd_form()));
    let outcome = scene.ask(&cx, "paths that name A", cases.collect()).await?;
    Ok(join(outcome, planted(&cx).await?))
}

/// Where paths name the user, B also creates an object at A's: it must be refused, or become B's own.
async fn planted(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let Some((canary, answer)) = sent_to_a(cx).await? else { return Ok(None) };
    let Some(id) = cx.made(a, &answer).await else {
        return Ok(Some(piece(&answer, "B creates an object at A's path", judge::harmless(answer.status, false))));
    };
    let object = Object { path: cx.item_path(a, &id), id, canary: canary.clone(), created: answer.clone(), read: None };
    let seen = look(cx, a, &object).await.is_ok_and(|seen| seen.is_success() && seen.contains(&canary));
    let judgement = if seen {
        Judgement::broken(format!("{}: an object was planted in A's account", answer.status))
    } else {
        cx.made(b, &answer).await;
        Judgement::held(format!("{}: it did not become A's", answer.status))
    };
    Ok(Some(piece(&answer, "B creates an object at A's path", judgement)))
}

/// B sends a creation to A's path: its canary and the answer; `None` where paths do not name the user. It is announced as B's: where the
/// path's user is passed over and it becomes B's own, no list of B's shows what looks like A's.
pub(in crate::checks::isolation) async fn sent_to_a(cx: &Context) -> Result<Option<(String, Answer)>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    if cx.list_path(a) == cx.list_path(b) {
        return Ok(None);
    }
    let canary = cx.objects.announce(b).await?;
    let answer = cx.send(&Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&b.token)).await?;
    Ok(Some((canary, answer)))
}

/// `/api/tasks` becomes `/api/A/tasks`, `/api/users/A/tasks`, `/api/tasks/user/A`, `/users/A/tasks`.
fn guessed(list: &str, subject: &str) -> Vec<String> {
    let list = list.trim_end_matches('/');
    let Some((parent, noun)) = list.rsplit_once('/') else { return Vec::new() };
    vec![
        format!("{parent}/{subject}/{noun}"),
        format!("{parent}/users/{subject}/{noun}"),
        format!("{parent}/user/{subject}/{noun}"),
        format!("{list}/user/{subject}"),
        format!("{list}/users/{subject}"),
        format!("/users/{subject}/{noun}"),
    ]
}

/// Forms of A's name in a path that has a place for it: another case, white space, a second slash.
fn crafted(template: &str, subject: &str) -> Vec<String> {
    if !template.contains("{user_id}") {
        return Vec::new();
    }
    let forms =
        [subject.to_ascii_uppercase(), format!("{subject}%20"), format!("%20{subject}"), format!("{subject}%00"), "*".into()];
    forms.iter().map(|form| template.replace("{user_id}", form)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_name_a_user_are_guessed_from_the_collection() {
        insta::assert_snapshot!(guessed("/api/tasks", "a1").join("\n"), @r"
        /api/a1/tasks
        /api/users/a1/tasks
        /api/user/a1/tasks
        /api/tasks/user/a1
        /api/tasks/users/a1
        /users/a1/tasks
        ");
    }
}
