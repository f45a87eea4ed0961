//! Gets the CSRF token of a session, where the target declares that writes need one.

use secrecy::ExposeSecret as _;

use super::calls::{cookies_in, token_in};
use crate::checks::User;
use crate::http::{Answer, Client, Credential, CsrfToken, Probe, Trouble};
use crate::target::{Csrf, Target, TokenAt};

/// Has the CSRF token of `user` sent along from now on: out of the answer that began the session, or from the route that hands it out.
///
/// # Errors
/// When neither brings one, or the route cannot be asked.
pub(super) async fn provide(client: &Client, target: &Target, user: &User, began: Option<&Answer>) -> Result<(), Trouble> {
    let Some(csrf) = &target.csrf else { return Ok(()) };
    let handed_out = match &csrf.path {
        Some(path) => Some(client.send(&Probe::get(path.as_str()).bearer(&user.token)).await?),
        None => None,
    };
    let Some(answer) = handed_out.as_ref().or(began) else { return Ok(()) };
    let asked = csrf.path.as_deref().map_or_else(|| "the sign-in".to_owned(), |path| format!("GET {path}"));
    let none = || Trouble::NotGiven(format!("the CSRF token: {asked} was answered {} without one {}", answer.status, csrf.token));
    client.keep_csrf(&user.token, csrf_in(answer, csrf, user).ok_or_else(none)?);
    Ok(())
}

/// The same, where a session to which nothing is handed out goes on without: whether the service takes its writes is for a check to say.
pub(super) async fn provide_any(client: &Client, target: &Target, user: &User, began: Option<&Answer>) -> Result<(), Trouble> {
    match provide(client, target, user, began).await {
        Err(Trouble::NotGiven(_)) => Ok(()),
        provided => provided,
    }
}

/// The CSRF token in an answer, with the cookies that the service will want to see beside it.
pub(super) fn csrf_in(answer: &Answer, csrf: &Csrf, user: &User) -> Option<CsrfToken> {
    let value = token_in(answer, &csrf.token).filter(|_| answer.is_success())?;
    let cookies = match (&csrf.path, &csrf.token) {
        (Some(_), _) => cookies_in(answer, user.token.expose()),
        (None, TokenAt::Cookie(name)) => Some(format!("{name}={}", value.expose_secret()).into()),
        (None, TokenAt::Body(_) | TokenAt::Header(_)) => None,
    };
    Some(CsrfToken {
        value: Credential::new(format!("<CSRF token of {}>", user.name), value),
        cookies: cookies.map(|cookies| Credential::new(format!("<CSRF cookies of {}>", user.name), cookies)),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::double_submit(TokenAt::Cookie("csrf".into()), None, Some(("c1", Some("csrf=c1"))))]
    #[case::of_a_route(TokenAt::Body("/token".into()), Some("/csrf"), Some(("t1", Some("csrf=c1"))))]
    #[case::in_the_body_alone(TokenAt::Body("/token".into()), None, Some(("t1", None)))]
    #[case::none(TokenAt::Header("x-csrf".into()), None, None)]
    fn a_csrf_token_has_the_cookies_beside_it_that_came_with_it(
        #[case] token: TokenAt,
        #[case] path: Option<&str>,
        #[case] expected: Option<(&str, Option<&str>)>,
    ) {
        let csrf = Csrf { header: "x-csrf-token".into(), token, path: path.map(str::to_owned) };
        let fields = [("set-cookie", "session=s1; HttpOnly"), ("set-cookie", "csrf=c1; Path=/")];
        let answer = Answer::canned(200, &fields, r#"{"token":"t1"}"#);
        let user = User {
            name: "A",
            token: Credential::new("$A", "s1"),
            subject: None,
            username: None,
            email: None,
            parent: None,
            cookies: None,
        };
        let found = csrf_in(&answer, &csrf, &user);
        let told = found.as_ref().map(|found| (found.value.expose(), found.cookies.as_ref().map(Credential::expose)));
        assert_eq!(told, expected);
    }
}
