internal import AnalyticLearning
internal import TensorFormats

/// Makes an answer from the scores of one row after another.
protocol ScoreTaker {
    /// What is added to each row's scores before they are passed on.
    var adjustment: PriorAdjustment? { get }

    /// Receives a row's scores, one per class, before anything is added to them.
    func prepare<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace)

    /// Receives a row's scores, one per class. It may write to all of the workspace except the scores and the features.
    ///
    /// - Throws: 422 if the answer would be too large.
    func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) throws(Problem)
}

/// A score: Float32, or Float64 if Float32 does not suffice.
protocol ClassScore: FeatureScalar {
    /// The probabilities of one row.
    static func softmax(_ scores: UnsafeBufferPointer<Self>, _ calibration: Calibration) -> Softmax

    /// The novelty of one row.
    static func novelty(_ scores: UnsafeBufferPointer<Self>, _ measure: NoveltyMeasure, _ scratch: inout [Double]) -> Double?

    /// The nearest finite Float32.
    var nearest: Float { get }

    /// Writes the shortest digits that read back as the same value.
    func write(to writer: inout JSONWriter)
}

extension Float: ClassScore {
    static func softmax(_ scores: UnsafeBufferPointer<Float>, _ calibration: Calibration) -> Softmax { calibration.softmax(scores) }

    static func novelty(_ scores: UnsafeBufferPointer<Float>, _ measure: NoveltyMeasure, _ scratch: inout [Double]) -> Double? {
        measure.novelty(scores, scratch: &scratch)
    }

    var nearest: Float { min(max(self, -Float.greatestFiniteMagnitude), Float.greatestFiniteMagnitude) }

    func write(to writer: inout JSONWriter) { writer.write(self) }
}

extension Double: ClassScore {
    static func softmax(_ scores: UnsafeBufferPointer<Double>, _ calibration: Calibration) -> Softmax { calibration.softmax(scores) }

    static func novelty(_ scores: UnsafeBufferPointer<Double>, _ measure: NoveltyMeasure, _ scratch: inout [Double]) -> Double? {
        measure.novelty(scores, scratch: &scratch)
    }

    var nearest: Float { Float(min(max(self, -Double(Float.greatestFiniteMagnitude)), Double(Float.greatestFiniteMagnitude))) }

    func write(to writer: inout JSONWriter) { writer.write(self) }
}
