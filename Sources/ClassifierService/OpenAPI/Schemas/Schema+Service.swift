internal import TensorFormats

/// The service's own answers.
extension Schema {
    static let liveness = object([.required("live", bool)]).named("Liveness")
    static let readiness = object([.required("live", bool), .required("ready", bool)]).named("Readiness")

    /// Only the outline: OpenAPI 3.1 (appendix) has a schema of its own for the rest.
    static let document = object([
        .required("openapi", string(pattern: "^3\\.1\\.")), .required("info", anyObject), .required("servers", array(of: anyObject)),
        .required("tags", array(of: anyObject)), .required("paths", anyObject), .required("components", anyObject),
        .optional("security", array(of: anyObject)),
    ])

    private static let anyObject = Schema(["type": .string("object")])
}
