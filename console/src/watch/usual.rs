//! Where a service tells of its health that is known by its URL alone: nobody has declared a path, so the usual ones are asked for.

use std::sync::Arc;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::http::{Answer, Client, Limits, Probe, Trouble};
use crate::run::Source;
use crate::target::{Paths, Target};

/// Deep ones first.
const USUAL: [&str; 9] =
    ["/health", "/healthz", "/api/health", "/api/v1/health", "/readyz", "/health/ready", "/ready", "/livez", "/ping"];

/// The target with the first of the usual paths that answers as health does, or with none. One whose paths are declared, or that does not answer
/// at all, stays as it is.
pub async fn with_usual_health(target: Arc<Target>, limits: Limits, stop: &CancellationToken) -> Arc<Target> {
    let client = match Client::new(Arc::clone(&target), Limits { budget: None, ..limits }, "health", stop.clone()) {
        Ok(client) if target.paths.guessed => client,
        _ => return target,
    };
    let nothing = format!("/postflight-{}", uuid::Uuid::new_v4().simple());
    let asked = join_all(USUAL.into_iter().chain([nothing.as_str()]).map(async |path| {
        let answer: Result<Answer, Trouble> = client.send(&Probe::get(path).impatient()).await;
        answer
    }))
    .await;
    let Some((Ok(nothing), answers)) = asked.split_last() else { return target };
    let found = USUAL.iter().zip(answers).find(|(_, answer)| answer.as_ref().is_ok_and(|answer| tells(answer, nothing)));
    let paths = Paths { health: found.map(|(path, _)| (*path).to_owned()), ..target.paths.clone() };
    Arc::new(Target { paths, ..(*target).clone() })
}

/// Whether an answer tells of health: 200, or 503 of the service itself, no web page, and not what anything is answered.
fn tells(answer: &Answer, nothing: &Answer) -> bool {
    let speaks = answer.is_success() || answer.status == 503 && answer.json().is_some();
    speaks && !answer.is_page() && answer.source != Source::Edge && (answer.status != nothing.status || nothing.is_page())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use wiremock::matchers::{any, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::target::BaseUrl;

    async fn found(base: &str, guessed: bool) -> Option<String> {
        let target = Target::new(BaseUrl::parse(base).unwrap());
        let paths = Paths { guessed, health: Some("/health".into()), ..target.paths.clone() };
        let target = Arc::new(Target { paths, ..target });
        with_usual_health(target, Limits::default(), &CancellationToken::new()).await.paths.health.clone()
    }

    async fn service(health: &str, status: u16) -> MockServer {
        let server = MockServer::start().await;
        let body = ResponseTemplate::new(status).set_body_json(json!({ "status": "ok" }));
        Mock::given(path(health)).respond_with(body).mount(&server).await;
        server
    }

    #[rstest]
    #[case::usual("/healthz", 200, Some("/healthz"))]
    #[case::below_the_api("/api/health", 200, Some("/api/health"))]
    #[case::unwell("/readyz", 503, Some("/readyz"))]
    #[case::nowhere("/monitor/we-call-it-so", 200, None)]
    #[case::for_users("/health", 401, None)]
    #[tokio::test]
    async fn the_usual_path_that_answers_is_taken(#[case] health: &str, #[case] status: u16, #[case] expected: Option<&str>) {
        assert_eq!(found(&service(health, status).await.uri(), true).await.as_deref(), expected);
    }

    #[tokio::test]
    async fn a_declared_path_and_that_of_a_closed_port_stay_as_they_are() {
        assert_eq!(found(&service("/healthz", 200).await.uri(), false).await.as_deref(), Some("/health"));
        assert_eq!(found("http://127.0.0.1:9", true).await.as_deref(), Some("/health"));
    }

    #[tokio::test]
    async fn a_word_that_is_called_a_page_tells_of_health() {
        let server = MockServer::start().await;
        let word = ResponseTemplate::new(200).set_body_raw("ok", "text/html; charset=utf-8");
        Mock::given(path("/healthz")).respond_with(word).mount(&server).await;
        assert_eq!(found(&server.uri(), true).await.as_deref(), Some("/healthz"));
    }

    #[tokio::test]
    async fn a_front_end_that_answers_any_path_tells_nothing() {
        let server = MockServer::start().await;
        let page = ResponseTemplate::new(200).set_body_raw("<!doctype html>", "text/html");
        Mock::given(any()).respond_with(page).mount(&server).await;
        assert_eq!(found(&server.uri(), true).await, None);
    }
}
