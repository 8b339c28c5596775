internal import AnalyticLearning

/// What `PATCH /v1/models/{model}` changes.
struct ModelPatch: Sendable {
    var ridge: Double?
    var imbalance: Imbalance?
}
