import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// What `PUT /v1/models/{model}` refuses.
@Suite struct ConfigurationBadInputTests {
    private static func create(_ name: String, _ body: String, _ names: [String], status: Int = 400) -> BadRequest {
        BadRequest(name, "PUT", "/v1/models/new", body, status, names: names)
    }

    /// A model with a random map.
    private static func random(_ settings: String) -> String { #"{"dimension":2,"feature_map":{"kind":"random",\#(settings)}}"# }

    static let texts = [
        create("empty body", "", [#"the body is empty, expected a JSON object with "dimension""#]),
        BadRequest("empty patch", "PATCH", "/v1/models/m", "", names: [#"the body is empty, expected a JSON object with "ridge""#]),
        BadRequest(
            "empty new name", "PATCH", "/v1/models/m/classes/a", "",
            names: [#"the body is empty, expected a JSON object with "label""#]),
        create("no JSON", "dimension: 2", ["expected"]),
        create("truncated", #"{"dimension":2"#, ["expected"]),
        create("array", "[2]", ["the body", "an array"]),
        create("deep nesting", String(repeating: #"{"feature_map":"#, count: 3000), ["nested deeper than 64"]),
        create("dimension twice", #"{"dimension":2,"dimension":2}"#, ["\"dimension\"", "twice"]),
        create(
            "unknown key", #"{"dimension":2,"gamma":0.1}"#,
            ["gamma", "dimension, feature_map, ridge, auto_metric, imbalance, sketch_rank, balance, intercept"]),
        create("unknown key of the map", #"{"dimension":2,"feature_map":{"kind":"identity","depth":1}}"#, ["feature_map.depth"]),
        create("key of another map", #"{"dimension":2,"feature_map":{"kind":"identity","width":4}}"#, ["feature_map.width", "identity"]),
        create("unknown key of imbalance", #"{"dimension":2,"imbalance":{"kind":"none","rate":1}}"#, ["imbalance.rate"]),
        create("key of another imbalance", #"{"dimension":2,"imbalance":{"kind":"reweight","cap":1}}"#, ["imbalance.cap", "reweight"]),
    ]

    static let values = [
        create("dimension missing", "{}", ["dimension", "required"]),
        create("dimension zero", #"{"dimension":0}"#, ["dimension", "1 to", "0"]),
        create("dimension negative", #"{"dimension":-2}"#, ["dimension", "1 to", "-2"]),
        create("dimension a fraction", #"{"dimension":2.5}"#, ["dimension", "an integer"]),
        create("dimension a string", #"{"dimension":"2"}"#, ["dimension", "an integer"]),
        create("dimension null", #"{"dimension":null}"#, ["dimension", "an integer"]),
        create("dimension beyond 64 bits", #"{"dimension":18446744073709551616}"#, ["dimension", "an integer"]),
        create("dimension of 64 bits", #"{"dimension":9223372036854775807}"#, ["dimension", "1 to 1048576"]),
        create("ridge zero", #"{"dimension":2,"ridge":0}"#, ["ridge", "greater than 0"]),
        create("ridge negative", #"{"dimension":2,"ridge":-0.1}"#, ["ridge", "greater than 0", "-0.1"]),
        create("ridge 1e999", #"{"dimension":2,"ridge":1e999}"#, ["1e999", "finite"]),
        create("ridge that rounds to zero", #"{"dimension":2,"ridge":1e-999}"#, ["ridge", "greater than 0"]),
        create("ridge a string", #"{"dimension":2,"ridge":"0.1"}"#, ["ridge", "a number"]),
        create("ridge a word", #"{"dimension":2,"ridge":"automatic"}"#, ["ridge", "\"auto\""]),
        create("ridge null", #"{"dimension":2,"ridge":null}"#, ["ridge", "a number"]),
        create("auto_metric without auto", #"{"dimension":2,"ridge":1,"auto_metric":"accuracy"}"#, ["auto_metric", "\"auto\""]),
        create("auto_metric alone", #"{"dimension":2,"auto_metric":"accuracy"}"#, ["auto_metric", "\"auto\""]),
        create("auto_metric unknown", #"{"dimension":2,"ridge":"auto","auto_metric":"f1"}"#, ["auto_metric", "balanced_accuracy"]),
        create("ridge NaN", #"{"dimension":2,"ridge":NaN}"#, ["expected"]),
        create("map a string", #"{"dimension":2,"feature_map":"identity"}"#, ["feature_map", "an object"]),
        create("map without kind", #"{"dimension":2,"feature_map":{}}"#, ["feature_map.kind", "identity, random_relu, random"]),
        create("map of unknown kind", #"{"dimension":2,"feature_map":{"kind":"relu"}}"#, ["feature_map.kind", "identity, random_relu"]),
        create("width missing", #"{"dimension":2,"feature_map":{"kind":"random_relu"}}"#, ["feature_map.width", "required"]),
        create("width zero", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":0}}"#, ["feature_map.width", "1 to"]),
        create(
            "width too large", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":1048577}}"#, ["feature_map.width", "1048576"]),
        create("seed negative", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":4,"seed":-1}}"#, ["feature_map.seed", "-1"]),
        create("activation missing", random(#""width":4"#), ["feature_map.activation", "relu, gelu or cos"]),
        create("activation unknown", random(#""activation":"tanh","width":4"#), ["feature_map.activation", "relu, gelu, cos", "tanh"]),
        create("width of a map missing", random(#""activation":"relu""#), ["feature_map.width", "kind is random"]),
        create("scale zero", random(#""activation":"gelu","width":4,"scale":0"#), ["feature_map.scale", "1e-30 to 1e30"]),
        create("scale too large", random(#""activation":"cos","width":4,"scale":1e31"#), ["feature_map.scale", "1e-30 to 1e30"]),
        create("scale a text", random(#""activation":"cos","width":4,"scale":"wide""#), ["feature_map.scale", "a number, or \"auto\""]),
        create("scale auto without cosines", random(#""activation":"gelu","width":4,"scale":"auto""#), ["feature_map.scale", "gelu"]),
        create("distribution unknown", random(#""activation":"relu","width":4,"distribution":"beta""#), ["uniform, normal"]),
        create("cosines of uniform draws", random(#""activation":"cos","width":4,"distribution":"uniform""#), ["normal", "cos"]),
        create("input a number", random(#""activation":"relu","width":4,"include_input":1"#), ["feature_map.include_input", "true or"]),
        create(
            "width with the input too large", random(#""activation":"relu","width":1048575,"include_input":true"#),
            ["feature_map.width", "1048576", "1048577"]),
        create(
            "key of another random map", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":4,"scale":1}}"#,
            ["feature_map.scale", "random_relu"]),
        create("seed a fraction", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":4,"seed":0.5}}"#, ["feature_map.seed"]),
        create("imbalance null", #"{"dimension":2,"imbalance":null}"#, ["imbalance", "an object"]),
        create(
            "imbalance of unknown kind", #"{"dimension":2,"imbalance":{"kind":"smote"}}"#,
            ["imbalance.kind", "none, discriminant, pseudo_features, reweight"]),
        create("noise negative", #"{"dimension":2,"imbalance":{"kind":"pseudo_features","noise":-1}}"#, ["imbalance.noise", "0 to"]),
        create("cap negative", #"{"dimension":2,"imbalance":{"kind":"pseudo_features","cap":-1}}"#, ["imbalance.cap", "0 to"]),
        create(
            "share of 0", #"{"dimension":2,"imbalance":{"kind":"discriminant","false_share":0}}"#,
            ["imbalance.false_share", "at most 0.5"]),
        create(
            "share above ½", #"{"dimension":2,"imbalance":{"kind":"discriminant","false_share":0.6}}"#,
            ["imbalance.false_share", "0.6"]),
        create("cap of discriminant", #"{"dimension":2,"imbalance":{"kind":"discriminant","cap":1}}"#, ["imbalance.cap", "discriminant"]),
        create("power negative", #"{"dimension":2,"imbalance":{"kind":"reweight","power":-1}}"#, ["imbalance.power", "0 to"]),
        create("reweight without sketches", #"{"dimension":2,"imbalance":{"kind":"reweight"},"sketch_rank":0}"#, ["sketch_rank"]),
        create("sketch_rank negative", #"{"dimension":2,"sketch_rank":-1}"#, ["sketch_rank", "0 to"]),
        create("balance negative", #"{"dimension":2,"balance":-0.1}"#, ["balance", "0 to 1", "-0.1"]),
        create("balance above 1", #"{"dimension":2,"balance":1.5}"#, ["balance", "0 to 1", "1.5"]),
        create("balance null", #"{"dimension":2,"balance":null}"#, ["balance", "a number"]),
        create("intercept a number", #"{"dimension":2,"intercept":1}"#, ["intercept", "true or false"]),
        create(
            "intercept with sketches", #"{"dimension":2,"intercept":true,"imbalance":{"kind":"reweight"}}"#,
            ["sketch_rank", "exact", "intercept"]),
        BadRequest("patch of an intercept", "PATCH", "/v1/models/m", #"{"intercept":true}"#, names: ["intercept", "known keys"]),
        create("balance a string", #"{"dimension":2,"balance":"1"}"#, ["balance", "a number"]),
        BadRequest("patch of a balance above 1", "PATCH", "/v1/models/m", #"{"balance":1.5}"#, names: ["balance", "0 to 1", "1.5"]),
        BadRequest("patch of a balance that is null", "PATCH", "/v1/models/m", #"{"balance":null}"#, names: ["balance", "a number"]),
        BadRequest("patch of nothing", "PATCH", "/v1/models/m", "{}", names: ["ridge, imbalance or balance"]),
        create("sketch_rank a word", #"{"dimension":2,"sketch_rank":"full"}"#, ["sketch_rank", "exact"]),
    ]

    /// The service in these tests may take 64 MiB.
    static let sizes = [
        create(
            "dimension whose square does not fit", #"{"dimension":1048576}"#, ["dimension 1048576", "would take", "bytes", "\(64 << 20)"],
            status: 422),
        create(
            "width whose square does not fit", #"{"dimension":2,"feature_map":{"kind":"random_relu","width":4096}}"#,
            ["width 4096", "would take", "bytes", "\(64 << 20)"], status: 422),
        create(
            "projection that does not fit", #"{"dimension":1048576,"feature_map":{"kind":"random_relu","width":8}}"#,
            ["dimension 1048576", "would take", "bytes"], status: 422),
        create(
            "everything at its largest",
            #"{"dimension":1048576,"feature_map":{"kind":"random_relu","width":1048576},"sketch_rank":"exact"}"#,
            ["would take"], status: 422),
    ]

    @Test(arguments: texts) func textThatIsNoConfigurationIsRefused(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: values) func badValueIsNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: sizes) func sizeThatDoesNotFitIsNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: [
        ".hidden", "-dash", "_under", "a%20b", "a%2Fb", "%2e%2e", "a%2e%2e%2Fb", "%ff", "a%0ab", "a+b", "a:b", "caf%C3%A9", "a%22",
        String(repeating: "x", count: 129), "%41%2f",
    ])
    func badModelNameIsRefused(_ name: String) throws {
        let service = try TestService()
        for (method, path) in [("PUT", "/v1/models/\(name)"), ("PUT", "/v1/models/\(name)/snapshot")] {
            let reply = try service.client().send(method, path, #"{"dimension":2}"#)
            #expect(reply.status == 400, "\(method) \(path): \(reply.text)")
            #expect(reply.problemDetail.contains("[A-Za-z0-9][A-Za-z0-9._-]{0,127}"), "\(reply.text)")
        }
        #expect(service.modelNames.isEmpty)
        #expect(service.reservedBytes == 0)
    }

    @Test(arguments: ["a", "0", "A.b_c-d", String(repeating: "x", count: 128), "%61bc", "v1%2E2"])
    func goodModelNameIsAccepted(_ name: String) throws {
        let service = try TestService()
        let client = service.client()
        #expect(try client.send("PUT", "/v1/models/\(name)", #"{"dimension":2}"#).status == 201)
        let plain = name.removingPercentEncoding!
        #expect(try client.send("GET", "/v1/models/\(plain)")["name"].string == plain)
        #expect(try client.send("DELETE", "/v1/models/\(name)").status == 204)
    }
}
