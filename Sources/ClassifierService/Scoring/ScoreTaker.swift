internal import AnalyticLearning
internal import TensorFormats

/// Makes an answer of the scores of one row after another.
protocol ScoreTaker {
    /// Takes a row's scores, one a class. It may write to everything of the workspace but the scores and the features.
    ///
    /// - Throws: 422 where the answer would be too large.
    func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) throws(Problem)
}

/// A score: Float32, or Float64 where that does not carry it.
protocol ClassScore: FeatureScalar {
    /// The probabilities of one row.
    static func softmax(_ scores: UnsafeBufferPointer<Self>, _ calibration: Calibration) -> Softmax

    /// The nearest Float32 that is finite.
    var nearest: Float { get }

    /// Writes the shortest digits that give the same value again.
    func write(to writer: inout JSONWriter)
}

extension Float: ClassScore {
    static func softmax(_ scores: UnsafeBufferPointer<Float>, _ calibration: Calibration) -> Softmax { calibration.softmax(scores) }

    var nearest: Float { min(max(self, -Float.greatestFiniteMagnitude), Float.greatestFiniteMagnitude) }

    func write(to writer: inout JSONWriter) { writer.write(self) }
}

extension Double: ClassScore {
    static func softmax(_ scores: UnsafeBufferPointer<Double>, _ calibration: Calibration) -> Softmax { calibration.softmax(scores) }

    var nearest: Float { Float(min(max(self, -Double(Float.greatestFiniteMagnitude)), Double(Float.greatestFiniteMagnitude))) }

    func write(to writer: inout JSONWriter) { writer.write(self) }
}
