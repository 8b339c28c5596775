internal import AnalyticLearning
internal import TensorFormats

/// The state of the calibrations as tensors of a snapshot; older snapshots have none.
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
    }

    private static func parts(_ kind: WeightsKind, _ state: CalibrationState?) -> [Part] {
        guard let state else { return [] }
        return zip(shapes(kind), [state.summary, state.likelihood, state.reliability]).map {
            Part(name: $0.name, shape: $0.shape, values: $1)
        }
    }

    /// Names and shapes: the summary, the likelihood and the reliability, see `CalibrationState`.
    private static func shapes(_ kind: WeightsKind) -> [(name: String, shape: [Int])] {
        let prefix = kind == .plain ? "calibration" : "calibration.balanced"
        let counts = CalibrationState.counts
        return [
            (prefix + ".summary", [counts.summary]), (prefix + ".likelihood", [counts.likelihood / 3, 3]),
            (prefix + ".reliability", [counts.reliability / 3, 3]),
        ]
    }

    /// The names of all tensors.
    static var names: [String] { (shapes(.plain) + shapes(.balanced)).map(\.name) }

    /// Checks the shapes of the tensors present.
    ///
    /// - Throws: `SafetensorsError` that names the tensor.
    static func check(_ reader: SafetensorsReader) throws(SafetensorsError) {
        for (name, shape) in shapes(.plain) + shapes(.balanced) where reader.tensor(named: name) != nil {
            _ = try reader.requireTensor(named: name, types: [.f64], shape: shape)
        }
    }

    /// A calibration's state; nil if the snapshot has none.
    ///
    /// - Parameter parts: all Float64 tensors of the snapshot.
    static func state(_ kind: WeightsKind, _ parts: [String: UnsafeBufferPointer<Double>]) -> CalibrationState? {
        let values = shapes(kind).map { parts[$0.name].map(Array.init) ?? [] }
        guard values.contains(where: { !$0.isEmpty }) else { return nil }
        return CalibrationState(summary: values[0], likelihood: values[1], reliability: values[2])
    }
}
