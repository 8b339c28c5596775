internal import AnalyticLearning
internal import TensorFormats

/// What the list of models says of each, and its details begin with.
struct ModelSummary {
    var name: String
    /// Nil where there are none, because the model is not there.
    var weights: PublishedWeights?
    var condition = Model.Condition.ready

    init(name: String, weights: PublishedWeights) {
        (self.name, self.weights) = (name, weights)
    }

    init(_ model: Model) {
        name = model.name
        // In this order: what is recovered in between is told as it was before.
        condition = model.condition
        weights = model.published
    }

    /// Whether it is new, and nothing can be said of it yet.
    var isBeingMade: Bool { weights == nil && condition == .ready }

    func write(to writer: inout JSONWriter) {
        writer.key("name")
        writer.write(name)
        for (key, value) in [
            ("version", weights?.version), ("samples", weights?.samples), ("classes", weights?.classCount),
        ] as [(StaticString, Int?)] {
            writer.key(key)
            if let value { writer.write(value) } else { writer.writeNull() }
        }
        guard condition != .ready else { return }
        writer.key("state")
        writer.write(condition.name)
        guard let reason = condition.reason else { return }
        writer.key("reason")
        writer.write(reason)
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
