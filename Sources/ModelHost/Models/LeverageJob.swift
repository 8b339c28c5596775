package import AnalyticLearning

/// Rows whose leverage is asked for, on their way to the thread that owns R.
package struct LeverageJob: Sendable {
    /// n·d values, row after row.
    let features: [Double]
    let dimension: Int
    let completion: Completion<Leverages>

    package init(features: [Double], dimension: Int, _ completion: Completion<Leverages>) {
        self.features = features
        self.dimension = dimension
        self.completion = completion
    }

    /// What it holds while it waits.
    var bytes: Int { features.count * MemoryLayout<Double>.stride }
}

/// How far rows lie from everything learned.
package struct Leverages: Sendable {
    /// The weights of the state that they were measured in.
    package let weights: PublishedWeights
    /// One value a row; nil if the model has none to tell.
    package let values: [Double]?
}
