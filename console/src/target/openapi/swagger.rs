//! Swagger 2.0 as OpenAPI 3 writes it, as far as routes, parameters, bodies, answers and security go. Flask-RESTX, Flasgger and older Express
//! services describe themselves so.
//!
//! References keep their places (`#/definitions/Task`): whatever reads a document follows any that stays inside it.

use serde_json::{Map, Value, json};

use super::{METHODS, resolved};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// Methods that have the body which their path names.
const WITH_BODY: [&str; 3] = ["post", "put", "patch"];

/// The document with its paths, base path and security as version 3 has them. What is no object stays as it is.
pub(super) fn raised(mut document: Value) -> Value {
    let paths = document.get_mut("paths").map(Value::take);
    let paths = paths.map(|paths| match paths {
        Value::Object(paths) => paths.into_iter().map(|(path, item)| (path, raised_item(&document, item))).collect(),
        other => other,
    });
    let prefix = document.get("basePath").cloned().unwrap_or_else(|| json!("/"));
    let schemes = document.get("securityDefinitions").cloned().unwrap_or_else(|| json!({}));
    if let Some(members) = document.as_object_mut() {
        members.insert("openapi".to_owned(), json!("3.0.3"));
        members.insert("servers".to_owned(), json!([{ "url": prefix }]));
        members.insert("components".to_owned(), json!({ "securitySchemes": schemes }));
        members.extend(paths.map(|paths| ("paths".to_owned(), paths)));
    }
    document
}

fn raised_item(document: &Value, item: Value) -> Value {
    let Value::Object(mut item) = item else { return item };
    let shared = Parameters::of(document, item.get("parameters"));
    for method in METHODS {
        if let Some(Value::Object(operation)) = item.get_mut(method) {
            raise(document, operation, WITH_BODY.contains(&method).then_some(&shared));
        }
    }
    shared.take_the_place_of_those_in(&mut item);
    Value::Object(item)
}

/// Raises an operation, which has the body of its path where it is `shared` with it.
fn raise(document: &Value, operation: &mut Map<String, Value>, shared: Option<&Parameters>) {
    let own = Parameters::of(document, operation.get("parameters"));
    let kinds = operation.get("consumes").or_else(|| document.get("consumes")).cloned().unwrap_or_default();
    if let Some(body) = own.body(&kinds).or_else(|| shared?.body(&kinds)) {
        operation.insert("requestBody".to_owned(), body);
    }
    own.take_the_place_of_those_in(operation);
    for (_, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        let mut raised = resolved(document, response).clone();
        if let Some((members, schema)) = raised.get("schema").cloned().and_then(|schema| Some((raised.as_object_mut()?, schema))) {
            members.insert("content".to_owned(), json!({ (JSON): { "schema": schema } }));
        }
        *response = raised;
    }
}

/// Parameters by where they go: Swagger 2.0 counts the body among them.
struct Parameters {
    body: Option<Value>,
    form: Vec<Value>,
    /// In the path, the query or a header, each with its schema where version 3 has it.
    elsewhere: Vec<Value>,
}

impl Parameters {
    fn of(document: &Value, listed: Option<&Value>) -> Self {
        let mut parameters = Self { body: None, form: Vec::new(), elsewhere: Vec::new() };
        for parameter in listed.and_then(Value::as_array).into_iter().flatten() {
            let mut parameter = resolved(document, parameter).clone();
            match parameter.get("in").and_then(Value::as_str) {
                Some("body") => parameters.body = parameter.get_mut("schema").map(Value::take),
                Some("formData") => parameters.form.push(parameter),
                _ => parameters.elsewhere.push(with_schema(parameter)),
            }
        }
        parameters
    }

    /// Leaves those that do not go in the body where all were listed.
    fn take_the_place_of_those_in(self, item: &mut Map<String, Value>) {
        if let Some(listed) = item.get_mut("parameters") {
            *listed = Value::Array(self.elsewhere);
        }
    }

    /// What goes in the body, if anything: a schema of its own, else the fields of a form.
    fn body(&self, kinds: &Value) -> Option<Value> {
        let kinds: Vec<_> = kinds.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(schema) = &self.body {
            let kind = kinds.iter().find(|kind| kind.contains("json")).or(kinds.first()).unwrap_or(&JSON);
            return Some(json!({ "content": { (*kind): { "schema": schema } } }));
        }
        let name = |field: &Value| Some(field.get("name")?.as_str()?.to_owned());
        let fields: Map<_, _> = self.form.iter().filter_map(|field| Some((name(field)?, field.clone()))).collect();
        let needed: Vec<_> =
            self.form.iter().filter(|field| field.get("required") == Some(&json!(true))).filter_map(name).collect();
        let kind = kinds.iter().find(|kind| kind.contains("form")).unwrap_or(&FORM);
        let schema = json!({ "type": "object", "required": needed, "properties": without_flags(fields) });
        (!self.form.is_empty()).then(|| json!({ "content": { (*kind): { "schema": schema } } }))
    }
}

/// The parameter with what describes its value in a schema: type, format, values and default.
fn with_schema(mut parameter: Value) -> Value {
    let mut schema = parameter.clone();
    if let (Some(members), Some(schema)) = (parameter.as_object_mut(), schema.as_object_mut()) {
        schema.retain(|name, _| !matches!(name.as_str(), "name" | "in" | "required" | "description"));
        members.insert("schema".to_owned(), Value::Object(std::mem::take(schema)));
    }
    parameter
}

/// Fields of a form as schemas: `required` is a flag in a parameter, and a list in a schema.
fn without_flags(mut fields: Map<String, Value>) -> Map<String, Value> {
    for (_, field) in &mut fields {
        field.as_object_mut().map(|field| field.remove("required"));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_parameters_answers_and_the_base_path_are_raised() {
        let document = json!({
            "swagger": "2.0", "basePath": "/api", "consumes": ["application/json"],
            "securityDefinitions": { "Bearer": { "type": "apiKey", "in": "header", "name": "Authorization" } },
            "definitions": { "Task": { "type": "object" } },
            "responses": { "Gone": { "description": "gone", "schema": { "type": "string" } } },
            "paths": {
                "/tasks/{id}": {
                    "parameters": [{ "name": "id", "in": "path", "required": true, "type": "integer", "default": 7 }],
                    "get": { "responses": {
                        "200": { "description": "one", "schema": { "$ref": "#/definitions/Task" } }, "410": { "$ref": "#/responses/Gone" }
                    } },
                    "put": { "parameters": [{ "name": "payload", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Task" } }] }
                }
            }
        });
        let raised = raised(document);
        assert_eq!(raised["servers"], json!([{ "url": "/api" }]));
        assert_eq!(raised["components"]["securitySchemes"]["Bearer"]["type"], "apiKey");
        let item = &raised["paths"]["/tasks/{id}"];
        assert_eq!(item["parameters"][0]["schema"], json!({ "type": "integer", "default": 7 }));
        assert_eq!(item["get"]["responses"]["200"]["content"][JSON]["schema"]["$ref"], "#/definitions/Task");
        assert_eq!(item["get"]["responses"]["410"]["content"][JSON]["schema"]["type"], "string");
        assert_eq!(item["put"]["requestBody"]["content"][JSON]["schema"]["$ref"], "#/definitions/Task");
        assert_eq!(item["put"]["parameters"], json!([]));
    }

    #[test]
    fn the_fields_of_a_form_and_a_body_of_all_methods_are_bodies() {
        let field = |name: &str, required: bool| json!({ "name": name, "in": "formData", "type": "string", "required": required });
        let document = json!({ "swagger": "2.0", "paths": {
            "/login": { "post": { "parameters": [field("username", true), field("otp", false)] } },
            "/tasks": { "parameters": [{ "name": "payload", "in": "body", "schema": { "type": "array" } }], "post": {}, "get": {} }
        } });
        let raised = raised(document);
        let form = &raised["paths"]["/login"]["post"]["requestBody"]["content"][FORM]["schema"];
        assert_eq!((&form["required"], &form["properties"]["otp"]["type"]), (&json!(["username"]), &json!("string")));
        assert_eq!(raised["paths"]["/tasks"]["post"]["requestBody"]["content"][JSON]["schema"]["type"], "array");
    }
}
