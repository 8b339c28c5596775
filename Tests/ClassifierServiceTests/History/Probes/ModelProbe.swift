/// Queries one model after a step, and compares the answers with the oracle.
protocol ModelProbe: Sendable {
    /// Names in the service's document.
    static var operations: [String] { get }

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws
}

/// All probes. Those that predict come first: lagging balanced weights are refreshed meanwhile.
enum ModelProbes {
    static let predicting: [any ModelProbe.Type] = [PredictProbe.self, InferProbe.self]
    static let observing: [any ModelProbe.Type] = [
        DescriptionProbe.self, InferenceDescriptionProbe.self, RidgeProbe.self, SnapshotProbe.self, EventProbe.self,
    ]
}
