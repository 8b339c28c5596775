internal import AnalyticLearning
internal import TensorFormats

/// The state of the calibrations, and the novelty of known rows, as tensors of a snapshot; older snapshots have none.
struct CalibrationTensors {
    /// One tensor.
    struct Part {
        var name: String
        var shape: [Int]
        var values: [Double]
    }

    /// All tensors of both calibrations, including empty ones.
    static func parts(of classifier: Classifier) -> [Part] {
        parts(.plain, classifier.calibrationState(of: .plain)) + parts(.balanced, classifier.calibrationState(of: .balanced))
            + (classifier.noveltyState.map { [Part(name: novelty.name, shape: novelty.shape, values: $0.values)] } ?? [])
    }

    private static func parts(_ kind: WeightsKind, _ state: CalibrationState?) -> [Part] {
        guard let state else { return [] }
        let values = [state.summary, state.likelihood, state.reliability] + (state.sets.map { [$0] } ?? [])
        return zip(shapes(kind), values).map { Part(name: $0.name, shape: $0.shape, values: $1) }
    }

    /// Names and shapes: the summary, the likelihood, the reliability and the sets, see `CalibrationState`.
    private static func shapes(_ kind: WeightsKind) -> [(name: String, shape: [Int])] {
        let prefix = kind == .plain ? "calibration" : "calibration.balanced"
        let counts = CalibrationState.counts
        return [
            (prefix + ".summary", [counts.summary]), (prefix + ".likelihood", [counts.likelihood / 3, 3]),
            (prefix + ".reliability", [counts.reliability / 3, 3]), (prefix + ".sets", [counts.sets]),
        ]
    }

    private static let novelty = (name: "novelty", shape: [NoveltyQuantiles.savedCount])

    /// The names of all tensors.
    static var names: [String] { all.map(\.name) }

    private static var all: [(name: String, shape: [Int])] { shapes(.plain) + shapes(.balanced) + [novelty] }

    /// Checks the shapes of the tensors present.
    ///
    /// - Throws: `SafetensorsError` that names the tensor.
    static func check(_ reader: SafetensorsReader) throws(SafetensorsError) {
        for (name, shape) in all where reader.tensor(named: name) != nil {
            _ = try reader.requireTensor(named: name, types: [.f64], shape: shape)
        }
    }

    /// A calibration's state; nil if the snapshot has none.
    ///
    /// - Parameter parts: all Float64 tensors of the snapshot.
    static func state(_ kind: WeightsKind, _ parts: [String: UnsafeBufferPointer<Double>]) -> CalibrationState? {
        let values = shapes(kind).map { parts[$0.name].map(Array.init) ?? [] }
        guard values.contains(where: { !$0.isEmpty }) else { return nil }
        return CalibrationState(
            summary: values[0], likelihood: values[1], reliability: values[2], sets: values[3].isEmpty ? nil : values[3])
    }

    /// The novelty of known rows; nil if the snapshot has none.
    static func novelty(_ parts: [String: UnsafeBufferPointer<Double>]) -> NoveltyState? {
        parts[novelty.name].map { NoveltyState(values: Array($0)) }
    }
}
