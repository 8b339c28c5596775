internal import AnalyticLearning
internal import TensorFormats

/// What the weights got right at each balance, as tensors of a snapshot; older snapshots have none.
struct CurveTensors {
    /// Names of the parts of a curve, see `BalanceCurve.Saved`, and the lengths of their rows.
    private static func parts(_ kind: WeightsKind) -> [(name: String, columns: Int)] {
        let prefix = kind == .plain ? "evaluation.race.plain" : "evaluation.race.balanced"
        let counts = BalanceCurve.Saved.counts
        return [
            (prefix + ".summary", counts.summary), (prefix + ".class", counts.classes), (prefix + ".reliability", 3),
            (prefix + ".history", counts.history),
        ]
    }

    private static let kinds = [WeightsKind.plain, .balanced]

    /// All tensors of both curves.
    static func parts(of classifier: Classifier) -> [CalibrationTensors.Part] {
        kinds.flatMap { kind -> [CalibrationTensors.Part] in
            guard let saved = classifier.curve(of: kind).saved else { return [] }
            return zip(parts(kind), [saved.summary, saved.classes, saved.reliability, saved.history]).map { part, values in
                CalibrationTensors.Part(name: part.name, shape: [values.count / part.columns, part.columns], values: values)
            }
        }
    }

    /// The names of all tensors.
    static var names: [String] { kinds.flatMap { parts($0).map(\.name) } }

    /// Checks the shapes of the tensors present; their lengths are checked with their numbers.
    ///
    /// - Throws: `SafetensorsError` that names the tensor.
    static func check(_ reader: SafetensorsReader) throws(SafetensorsError) {
        for (name, columns) in kinds.flatMap(parts) {
            guard let tensor = reader.tensor(named: name) else { continue }
            _ = try reader.requireTensor(named: name, types: [.f64], shape: [tensor.shape.first ?? 0, columns])
        }
    }

    /// A curve's state; nil if the snapshot has none.
    ///
    /// - Parameter values: all Float64 tensors of the snapshot.
    static func saved(_ kind: WeightsKind, _ values: [String: UnsafeBufferPointer<Double>]) -> BalanceCurve.Saved? {
        let found = parts(kind).map { values[$0.name].map(Array.init) }
        guard found.contains(where: { $0 != nil }) else { return nil }
        return BalanceCurve.Saved(summary: found[0] ?? [], classes: found[1] ?? [], reliability: found[2] ?? [], history: found[3] ?? [])
    }
}
