internal import TensorFormats

/// What the service says of itself.
extension Schema {
    static let liveness = object([.required("live", bool)]).named("Liveness")
    static let readiness = object([.required("live", bool), .required("ready", bool)]).named("Readiness")
    static let document = object([.required("openapi", string())])
}
