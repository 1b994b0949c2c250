//! The OpenAPI 3.1 document, made from the table of endpoints, so that what
//! is served and what is written down cannot part.

use serde_json::{Map, Value, json};

use super::openapi_answers::answers;
use super::openapi_schemas::{BODIES, SCHEMAS};
use super::routes::{Access, ROUTES, Route, Takes};

/// `id:integer name:string? tags:[string]` as a JSON Schema's properties;
/// `?` may be null, `!` must be there, `=a|b` is an enumeration of numbers.
fn properties(words: &str) -> (Map<String, Value>, Vec<String>) {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for word in words.split_whitespace() {
        let Some((name, kind)) = word.split_once(':') else {
            continue;
        };
        let (name, must) = name
            .strip_suffix('!')
            .map_or((name, false), |name| (name, true));
        if must {
            required.push(name.to_owned());
        }
        properties.insert(name.to_owned(), kind_schema(kind));
    }
    (properties, required)
}

fn kind_schema(kind: &str) -> Value {
    if let Some(kind) = kind.strip_suffix('?') {
        let mut schema = kind_schema(kind);
        match schema.get("type").cloned() {
            Some(one @ Value::String(_)) => schema["type"] = json!([one, "null"]),
            _ => schema = json!({"anyOf": [schema, {"type": "null"}]}),
        }
        return schema;
    }
    if let Some(inner) = kind
        .strip_prefix('[')
        .and_then(|kind| kind.strip_suffix(']'))
    {
        return json!({"type": "array", "items": kind_schema(inner)});
    }
    if let Some(values) = kind.strip_prefix('=') {
        let values: Vec<i64> = values
            .split('|')
            .filter_map(|value| value.parse().ok())
            .collect();
        return json!({"type": "integer", "enum": values});
    }
    if let Some(name) = kind.strip_prefix('#') {
        return json!({"$ref": format!("#/components/schemas/{name}")});
    }
    match kind {
        "email" => json!({"type": "string", "format": "email"}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "file" => json!({"type": "string", "format": "binary"}),
        "any" => json!({}),
        plain => json!({"type": plain}),
    }
}

fn schema(words: &str, closed: bool) -> Value {
    let (properties, required) = properties(words);
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if closed {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn parameter(name: &str) -> Value {
    let schema = match name {
        "page" => json!({"type": "integer", "minimum": 1, "maximum": 300}),
        "per_page" => json!({"type": "integer", "minimum": 1, "maximum": 100}),
        "updated_since" | "_updated_since" | "created_since" | "executed_after"
        | "executed_before" => {
            json!({"type": "string", "format": "date-time"})
        }
        "requester_id" | "company_id" | "agent_id" | "user_id" => json!({"type": "integer"}),
        "force" | "billable" => json!({"type": "boolean"}),
        "order_type" => json!({"type": "string", "enum": ["asc", "desc"]}),
        "order_by" => {
            json!({"type": "string", "enum": ["created_at", "due_by", "updated_at", "status"]})
        }
        _ => json!({"type": "string"}),
    };
    json!({"name": name, "in": "query", "required": false, "schema": schema})
}

fn error(description: &str, schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, shape) in answers(&route.method, route.path) {
        let mut response = json!({"description": if *status == 204 { "Done" } else { "Success" }});
        if !shape.is_empty() {
            response["content"] = json!({"application/json": {"schema": kind_schema(shape)}});
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert(
        "400".into(),
        error(
            "Validation failed, or the request cannot be read",
            "Refusal",
        ),
    );
    responses.insert(
        "401".into(),
        error("Missing or wrong credentials", "RequestError"),
    );
    responses.insert(
        "403".into(),
        error("Not allowed to this agent, account or plan", "RequestError"),
    );
    let nothing = json!({"text/html": {"schema": {"type": "string"}}});
    responses.insert(
        "404".into(),
        json!({"description": "No such thing; the body is empty", "content": nothing}),
    );
    responses.insert(
        "405".into(),
        error("Not with this verb, or not in this state", "RequestError"),
    );
    responses.insert(
        "406".into(),
        error("Only application/json is spoken", "RequestError"),
    );
    responses.insert(
        "409".into(),
        error("A value that must be unique is taken", "Refusal"),
    );
    responses.insert(
        "413".into(),
        error("More than the edge lets through", "RequestError"),
    );
    responses.insert(
        "415".into(),
        error("Another content type is wanted", "RequestError"),
    );
    let retry =
        json!({"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}});
    responses.insert(
        "429".into(),
        json!({"description": "The quota is used up; the body is empty", "headers": retry}),
    );
    if route.path.starts_with("automations") {
        responses.insert(
            "500".into(),
            error("A webhook action lacks its other keys", "RequestError"),
        );
    }
    Value::Object(responses)
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match (name, route.path) {
                ("type", _) => json!({"type": "integer", "enum": [1, 3, 4]}),
                (_, "jobs/{id}" | "contacts/export/{id}" | "companies/export/{id}") => {
                    json!({"type": "string"})
                }
                _ => json!({"type": "integer", "minimum": 1}),
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    parameters.extend(route.query.iter().map(|name| parameter(name)));
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [route.path.trim_start_matches("admin/").split('/').next()],
        "security": [{"basic": []}],
        "parameters": parameters,
        "responses": responses(route),
    });
    match route.access {
        Access::Agent => {}
        Access::Admin => operation["description"] = json!("Administrators only."),
        Access::AccountAdmin => operation["description"] = json!("Account administrators only."),
    }
    if route.takes != Takes::Nothing {
        let words = BODIES
            .iter()
            .find(|(method, path, _)| route.method == *method && *path == route.path);
        let body = schema(words.map_or("", |(_, _, words)| words), true);
        let mut content = json!({"application/json": {"schema": body}});
        if route.takes == Takes::JsonOrForm {
            let mut form = body;
            let file = json!({"type": "string", "format": "binary"});
            if route.path.ends_with("/imports") {
                form["properties"]["file"] = file;
            } else {
                form["properties"]["attachments[]"] = json!({"type": "array", "items": file});
            }
            content["multipart/form-data"] =
                json!({"schema": {"type": "object", "properties": form["properties"]}});
        }
        operation["requestBody"] = json!({"content": content});
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let path = route.path.replace(['/', '-'], "_").replace(['{', '}'], "");
    format!("{}_{path}", route.method.as_str().to_lowercase())
}

/// The whole document.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(format!("/api/v2/{}", route.path))
            .or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route);
    }
    let mut schemas: Map<String, Value> = SCHEMAS
        .iter()
        .map(|(name, words)| ((*name).to_owned(), schema(words, false)))
        .collect();
    schemas.insert(
        "Refusal".to_owned(),
        json!({"anyOf": [
            {"$ref": "#/components/schemas/ValidationError"}, {"$ref": "#/components/schemas/RequestError"},
        ]}),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "fake-freshdesk: REST API v2",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What this fake of Freshdesk serves. What takes GET takes HEAD, too. Sources and confidence of every behaviour: docs/fidelity.md.",
        },
        "servers": [{"url": "http://127.0.0.1:8080"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"basic": {
                "type": "http", "scheme": "basic", "description": "The API key as user, anything as password.",
            }},
            "schemas": schemas,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_that_takes_a_body_says_which() {
        for route in ROUTES.iter().filter(|route| route.takes != Takes::Nothing) {
            let known = BODIES
                .iter()
                .any(|(method, path, _)| route.method == *method && *path == route.path);
            assert!(
                known,
                "{} {} is missing in BODIES",
                route.method, route.path
            );
        }
        for (method, path, _) in BODIES {
            let served = ROUTES
                .iter()
                .any(|route| route.method == *method && route.path == *path);
            assert!(served, "{method} {path} is in BODIES but not served");
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document = document();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(
                document["components"]["schemas"].get(name).is_some(),
                "schema {name} is missing"
            );
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<String> = ROUTES.iter().map(operation_id).collect();
        ids.sort();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
