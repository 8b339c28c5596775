internal import AnalyticLearning
internal import ModelHost
internal import TensorFormats

/// A model's entry in the list of models, and the beginning of its details.
struct ModelSummary: Sendable {
    let name: String
    /// Nil if the model is not loaded, like the next two.
    let version: Int?
    let samples: Int?
    let classes: Int?
    let condition: Model.Condition

    init(name: String, weights: PublishedWeights?, condition: Model.Condition = .ready) {
        self.name = name
        version = weights?.version
        samples = weights?.samples
        classes = weights?.classCount
        self.condition = condition
    }

    init(_ model: Model) {
        // In this order: a model that is recovered in between is reported as it was before.
        let condition = model.condition
        self.init(name: model.name, weights: model.published, condition: condition)
    }

    /// Whether the model is still being created, so that nothing is known about it.
    var isBeingMade: Bool { version == nil && condition == .ready }

    func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        for (key, value) in [("version", version), ("samples", samples), ("classes", classes)] as [(StaticString, Int?)] {
            writer.member(key, value)
        }
        guard condition != .ready else { return }
        writer.member("state", condition.name)
        guard let reason = condition.reason else { return }
        writer.member("reason", reason)
    }
}

extension Model.Condition {
    /// Its name in answers and metrics.
    var name: String {
        switch self {
        case .ready: "ready"
        case .recovering: "recovering"
        case .lost: "lost"
        case .stopped: "stopped"
        }
    }

    /// Why the model is lost or stopped.
    var reason: String? {
        switch self {
        case .ready, .recovering: nil
        case .lost(let reason), .stopped(let reason): reason
        }
    }
}
