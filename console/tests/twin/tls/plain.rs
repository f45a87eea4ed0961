//! What answers on plain HTTP beside the twin over TLS: a redirect, or what a flaw makes of it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use console::target::BaseUrl;
use tokio_util::sync::CancellationToken;

use super::super::{House, app, problem};
use super::{HOST, bind, port};

/// Opens the plain port; `secure` is the port of the TLS front.
pub(super) async fn redirecting(house: &Arc<House>, secure: u16, stop: &CancellationToken) -> BaseUrl {
    let listener = bind().await;
    let base = BaseUrl::parse(&format!("http://{HOST}:{}", port(&listener))).expect("a loopback URL");
    let service = axum::serve(listener, router(house, secure)).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::spawn(service.into_future());
    base
}

fn router(house: &Arc<House>, secure: u16) -> Router {
    let api = app::router(Arc::clone(house));
    if house.has("tls.plain-api") {
        return api;
    }
    if house.has("tls.plain-challenge") {
        return Router::new().fallback(async || problem::UNAUTHORIZED.into_response());
    }
    let house = Arc::clone(house);
    let gate = move |request: Request, next: Next| {
        let token = request.headers().contains_key("authorization") && house.has("tls.plain-token");
        let redirect = redirect(&house, secure, &request);
        async move { if token { next.run(request).await } else { redirect } }
    };
    api.layer(from_fn(gate))
}

fn redirect(house: &House, secure: u16, request: &Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let base = match () {
        () if house.has("tls.redirect-elsewhere") => "https://evil.example".to_owned(),
        () if house.has("tls.redirect-plain") => format!("http://{HOST}:{secure}"),
        () => format!("https://{HOST}:{secure}"),
    };
    let status = if house.has("tls.redirect-temporary") { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::PERMANENT_REDIRECT };
    (status, [("location", format!("{base}{path}"))]).into_response()
}
