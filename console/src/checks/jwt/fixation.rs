//! Whether a sign-in signs in a session that was there before it (CWE-384): whoever put it into the browser would be signed in with its owner.

use super::sessions::NO_SPARE;
use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Credential, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::target::Carrier;

/// Signs a spare account in beside a session that the client made up, and beside one that the service handed to nobody in particular.
pub(super) async fn fixation(cx: Context) -> Checked {
    let Carrier::Cookie(name) = &cx.target.carrier else {
        return Ok(Outcome::skip("tokens do not travel in a cookie here, so no session is there before the sign-in"));
    };
    let Some(session) = cx.registry.spare().await? else { return Ok(Outcome::skip(NO_SPARE)) };
    let Some(login) = cx.registry.login_probe(&session.login) else {
        return Ok(Outcome::skip("no sign-in is declared; describe it under `tokens.login` in postflight.toml"));
    };
    let read = cx.read_path(&session.user);
    let handed = handed_out(name, [&cx.send(&Probe::get(&read)).await?, &cx.send(&Probe::get(login.path())).await?]);
    let made_up = Some(format!("{}{}", cx.random("jwt.login.fixation"), cx.random("jwt.login.fixation again")));
    let mut pieces = Vec::new();
    for (what, value) in [("made up by the client", made_up), ("handed out before it", handed)] {
        let Some(value) = value else { continue };
        pieces.push(kept(&cx, (&read, &login), (name, what), &value).await?);
    }
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    Ok(Outcome::of(format!("{held} of {} sessions before a sign-in stay signed out", pieces.len()), pieces))
}

/// The value of the cookie that one of these answers sets for whoever asks.
fn handed_out(name: &str, answers: [&Answer; 2]) -> Option<String> {
    let fields = answers.into_iter().flat_map(|answer| answer.headers.all("set-cookie"));
    let text = fields.map(|field| String::from_utf8_lossy(field).into_owned());
    let value = |field: String| {
        let (key, rest) = field.split_once('=')?;
        let value = rest.split(';').next().unwrap_or_default().trim().to_owned();
        (key.trim() == name && !value.is_empty()).then_some(value)
    };
    text.into_iter().find_map(value)
}

/// Whether the session `value` is signed in once somebody signed in beside it.
async fn kept(cx: &Context, (read, login): (&str, &Probe), (name, what): (&str, &str), value: &str) -> Result<Evidence, Trouble> {
    let cookie = Credential::new(format!("<a session {what}>"), format!("{name}={value}"));
    let look = Probe::get(read).secret_header("cookie", "", &cookie);
    let before = cx.send(&look).await?;
    let signed_in = cx.send(&login.clone().secret_header("cookie", "", &cookie)).await?;
    let after = cx.send(&look).await?;
    let judgement = judge(before.status, signed_in.status, after.status, cx.registry.brings_token(&signed_in));
    Ok(evidence(&after, format!("GET with a session {what}, after a sign-in beside it"), judgement.finding, judgement.observed))
}

/// Judges by what the session opens before the sign-in and after it, and by whether that came to anything.
fn judge(before: u16, signed_in: u16, after: u16, brought_token: bool) -> Judgement {
    let is_success = |status: u16| (200..300).contains(&status);
    match () {
        () if is_success(before) => Judgement::unclear(format!("{before}: it opened the door before anybody signed in")),
        () if matches!(signed_in, 429 | 500..) => Judgement::unclear(format!("the sign-in was answered {signed_in}")),
        () if is_success(after) => Judgement::broken(format!("{after}: it is signed in, and whoever put it there with it")),
        () if !(is_success(signed_in) || matches!(signed_in, 302 | 303)) => {
            Judgement::held(format!("the sign-in is refused beside it: {signed_in}"))
        }
        () if brought_token => Judgement::held(format!("{after}: the sign-in began a session of its own")),
        () => Judgement::unclear(format!("the sign-in was answered {signed_in} and brought no session")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::own_session(401, 200, 401, true, Finding::Held)]
    #[case::no_session_at_all(401, 200, 401, false, Finding::Unclear)]
    #[case::fixed(401, 200, 200, true, Finding::Broken)]
    #[case::fixed_by_a_form(401, 303, 200, false, Finding::Broken)]
    #[case::refused(401, 403, 401, false, Finding::Held)]
    #[case::limited(401, 429, 401, false, Finding::Unclear)]
    #[case::open(200, 200, 200, true, Finding::Unclear)]
    fn a_session_that_opens_the_door_only_after_the_sign_in_is_fixed(
        #[case] before: u16,
        #[case] signed_in: u16,
        #[case] after: u16,
        #[case] brought_token: bool,
        #[case] finding: Finding,
    ) {
        assert_eq!(judge(before, signed_in, after, brought_token).finding, finding);
    }

    #[test]
    fn a_session_for_whoever_asks_is_found_by_its_name() {
        let answer = |field: &str| Answer::canned(401, &[("set-cookie", field)], "");
        let handed = |field: &str| handed_out("sid", [&answer("other=1; Path=/"), &answer(field)]);
        assert_eq!(handed("sid=s%3Aabc; Path=/; HttpOnly").as_deref(), Some("s%3Aabc"));
        assert_eq!((handed("sid=; Max-Age=0"), handed("sidecar=1")), (None, None));
    }
}
