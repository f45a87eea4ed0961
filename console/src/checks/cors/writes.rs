//! Writes that a browser sends without asking first: forms, plain text and bodies without a type.

use futures::future::join_all;
use serde_json::Value;

use super::super::{Act, Checked, Context, Judgement, Outcome, User};
use super::surface::stranger;
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding};
use crate::target::{Carrier, Target};

/// A body that needs no preflight (Fetch standard, "CORS-safelisted request-header"), and the type it is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Urlencoded,
    Multipart,
    Untyped,
}

impl Form {
    const ALL: [Self; 4] = [Self::Text, Self::Urlencoded, Self::Multipart, Self::Untyped];

    const fn words(self) -> &'static str {
        match self {
            Self::Text => "JSON as text/plain",
            Self::Urlencoded => "a form",
            Self::Multipart => "a multipart form",
            Self::Untyped => "JSON without a type",
        }
    }

    /// The request that would create an object titled `canary`, if the service took this form.
    fn write(self, cx: &Context, user: &User, canary: &str) -> Probe {
        let json = cx.target.resource.body(canary);
        let post = Probe::new("POST", cx.list_path(user)).bearer(&user.token).of_a_foreign_page().origin(stranger(cx));
        match self {
            Self::Text => post.body(Some("text/plain"), json.to_string()),
            Self::Urlencoded => post.body(Some("application/x-www-form-urlencoded"), urlencoded(&json)),
            Self::Multipart => post.body(Some("multipart/form-data; boundary=postflight"), multipart(&json)),
            Self::Untyped => post.body(None, json.to_string()),
        }
    }
}

fn fields(json: &Value) -> impl Iterator<Item = (&str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    json.as_object().into_iter().flatten().map(move |(name, value)| (name.as_str(), text(value)))
}

fn urlencoded(json: &Value) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(json)).finish()
}

fn multipart(json: &Value) -> String {
    let part = |(name, value): (&str, String)| {
        format!("--postflight\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields(json).map(part).collect::<String>() + "--postflight--\r\n"
}

/// A write from a foreign origin in each form that needs no preflight is refused, and the list shows that nothing was made.
pub(super) async fn simple(cx: Context) -> Checked {
    let user = cx.a()?;
    let canaries = join_all(Form::ALL.map(|_| cx.objects.announce(user))).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let sent = Form::ALL.iter().zip(&canaries).map(|(form, canary)| {
        let probe = form.write(&cx, user, canary);
        let cx = &cx;
        async move { cx.send(&probe).await }
    });
    let answers = join_all(sent).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let list = cx.send(&cx.list(user)).await?;
    if !list.is_success() {
        return Ok(Outcome::inconclusive("the list could not be read back").seen(
            &list,
            "GET of the list",
            list.status.to_string(),
        ));
    }
    let pieces = Form::ALL.iter().zip(&canaries).zip(&answers).map(|((form, canary), answer)| {
        let made = list.contains(canary) || (answer.is_success() && answer.contains(canary));
        let judgement = judge(*form, made, &cx.target, answer);
        evidence(answer, form.words(), judgement.finding, judgement.observed)
    });
    let pieces: Vec<_> = pieces.chain(marked(&cx, user).await?).collect();
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    let effect = effect(&cx.target.carrier);
    Ok(Outcome::of(format!("{held} of {} writes without a preflight refused; {effect}", pieces.len()), pieces))
}

/// The route that marks an object as done needs no body, so that any form can be sent to it. Asked only where browsers attach the token.
async fn marked(cx: &Context, user: &User) -> Result<Option<Evidence>, Trouble> {
    if !matches!(cx.target.carrier, Carrier::Cookie(_)) || cx.target.paths.toggle.is_none() {
        return Ok(None);
    }
    let object = cx.objects.create(user).await?;
    let Some(path) = Act::Toggle.path(cx, user, &object.id) else { return Ok(None) };
    let form = Probe::new("POST", path).body(Some("application/x-www-form-urlencoded"), "");
    let answer = cx.send(&form.bearer(&user.token).of_a_foreign_page().origin(stranger(cx))).await?;
    let judgement = match answer.status {
        status @ 200..=299 => Judgement::broken(format!("{status}: carried out")),
        status @ 502..=504 => Judgement::unclear(format!("{status}: the service did not answer")),
        status => Judgement::held(format!("{status}, refused")),
    };
    Ok(Some(evidence(&answer, "an empty form to the route that marks as done", judgement.finding, judgement.observed)))
}

const fn effect(carrier: &Carrier) -> &'static str {
    match carrier {
        Carrier::Cookie(_) => "browsers attach the cookie, so any page could write as the user",
        Carrier::Bearer | Carrier::Scheme(_) | Carrier::Header(_) => {
            "browsers attach no token by themselves, so this is a second line of defence"
        }
    }
}

/// Judges one write. Stock frameworks read forms (Django REST framework, Koa, Rails) and take a body without a type for JSON; where the
/// token must be set by script, and so by a preflight, that is a remark. None of them reads `text/plain` as JSON.
fn judge(form: Form, made: bool, target: &Target, answer: &Answer) -> Judgement {
    let (status, policy) = (answer.status, &target.policy);
    let ambient = matches!(target.carrier, Carrier::Cookie(_));
    // No foreign page has the CSRF token, and what is refused for the want of it is refused as any status says.
    let unproven = target.csrf.is_some() && matches!(status, 400..=499);
    match (made, form) {
        (true, Form::Untyped | Form::Urlencoded | Form::Multipart) if !ambient => {
            Judgement::weak(format!("{status}: an object was made, though no page can send the token along"))
        }
        (true, _) => Judgement::broken(format!("{status}: an object was made")),
        (false, _) if policy.plain_write.contains(status) || unproven => Judgement::held(format!("{status}, nothing was made")),
        (false, _) if status >= 502 => Judgement::unclear(format!("{status}: the service did not answer")),
        (false, _) => Judgement::weak(format!("{status} instead of {}; nothing was made", policy.plain_write.words())),
    }
}
